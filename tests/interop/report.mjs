// Prints what came of each call as one line of JSON: the status, and the error code as the library read it.

/** @param {() => Promise<Response>} call */
export async function report(what, call) {
  let status;
  let error = null;
  try {
    ({ status } = await call());
  } catch (failure) {
    // Both libraries throw their `WWWAuthenticateChallengeError`, with the challenges they have parsed.
    if (!Array.isArray(failure.cause)) {
      throw failure;
    }
    status = failure.status;
    error = failure.cause.map(({ parameters }) => parameters.error).find(Boolean) ?? null;
  }
  console.log(JSON.stringify({ what, status, error }));
}
