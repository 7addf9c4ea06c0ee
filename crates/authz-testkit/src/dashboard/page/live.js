// The server-sent events, and the samples of the last minute that they bring.

import { callForm } from './state.js';

export const SPAN = 60_000;

const listeners = new Set();
let samples = [];
let source = null;
let port = null;

/** Calls `listener(samples, last event)` every second until the function that it returns is called. */
export function listen(listener) {
  listeners.add(listener);
  connect();
  return () => listeners.delete(listener);
}

/** Connects, again if the inspector's port changed. The connection stays, so that the charts also show what happens in other views. */
export function connect() {
  const wanted = callForm().port;
  if (source && source.readyState !== EventSource.CLOSED && wanted === port) return;
  source?.close();
  if (wanted !== port) samples = [];
  port = wanted;
  source = new EventSource(`/dashboard/events${port === null ? '' : `?inspector_port=${port}`}`);
  source.addEventListener('message', ({ data }) => take(JSON.parse(data)));
  source.addEventListener('error', () => listeners.forEach((listener) => listener(samples, null)));
}

// A browser opens few connections to one host: a hidden tab must not keep one.
document.addEventListener('visibilitychange', () => {
  if (!source) return;
  if (document.hidden) source.close();
  else connect();
});

function take(event) {
  samples = [...samples.filter(({ at }) => at > event.at - SPAN - 2000 && at < event.at), { at: event.at, event }];
  listeners.forEach((listener) => listener(samples, event));
}

/** What `count` of an event grew by per second, between each sample and the one before it. */
export function rates(samples, count) {
  return samples.slice(1).map(({ at, event }, index) => {
    const before = samples[index];
    const [from, to] = [count(before.event), count(event)];
    // A restarted server counts from 0.
    const grown = from === null || to === null ? null : Math.max(0, to - from);
    return { at, value: grown === null ? null : grown * 1000 / (at - before.at) };
  });
}

export const levels = (samples, value) => samples.map(({ at, event }) => ({ at, value: value(event) }));
