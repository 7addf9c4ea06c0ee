//! All samples, by group and case, and the ways to look at them.

use std::collections::BTreeMap;

use serde_json::Value;

/// The samples of one case, in nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) id: String,
    pub(super) samples: Vec<f64>,
}

/// Groups of cases that were measured in turns: the n-th samples of a group belong together.
#[derive(Clone, Debug, Default)]
pub(super) struct Measurements(BTreeMap<String, Vec<Series>>);

/// The middle one of some values, and those a tenth from either end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    pub(super) low: f64,
    pub(super) median: f64,
    pub(super) high: f64,
}

impl Measurements {
    /// What a measuring program printed; `None` when it is something else.
    pub(super) fn read(&mut self, json: &str) -> Option<()> {
        let Ok(Value::Object(groups)) = serde_json::from_str(json) else {
            return None;
        };
        for (id, cases) in groups {
            let series = cases.as_array()?.iter().map(Series::read);
            self.0.insert(id, series.collect::<Option<_>>()?);
        }
        Some(())
    }

    /// The groups whose name begins so.
    pub(super) fn groups(&self, prefix: &str) -> impl Iterator<Item = (&str, &[Series])> {
        (self.0.iter())
            .filter(move |(id, _)| id.starts_with(prefix))
            .map(|(id, series)| (&**id, &**series))
    }

    pub(super) fn spread(&self, group: &str, case: &str) -> Option<Spread> {
        Spread::of(self.samples(group, case)?.to_vec())
    }

    /// The median of what `value` makes of the cases' samples of each round.
    pub(super) fn each_round<const N: usize>(
        &self,
        group: &str,
        cases: [&str; N],
        value: impl Fn([f64; N]) -> f64,
    ) -> Option<f64> {
        let mut samples = [[].as_slice(); N];
        for (place, case) in samples.iter_mut().zip(cases) {
            *place = self.samples(group, case)?;
        }
        let rounds = samples.iter().map(|samples| samples.len()).min()?;
        let round = |n: usize| value(samples.map(|samples| samples[n]));
        Some(Spread::of((0..rounds).map(round).collect())?.median)
    }

    /// How many times as long as `base` the case takes.
    pub(super) fn ratio(&self, group: &str, case: &str, base: &str) -> Option<f64> {
        self.each_round(group, [case, base], |[case, base]| case / base)
    }

    fn samples(&self, group: &str, case: &str) -> Option<&[f64]> {
        let series = self.0.get(group)?.iter().find(|series| series.id == case)?;
        Some(&series.samples)
    }
}

impl Series {
    fn read(json: &Value) -> Option<Self> {
        let samples = json["samples"].as_array()?.iter().map(Value::as_f64);
        Some(Self {
            id: json["id"].as_str()?.to_owned(),
            samples: samples.collect::<Option<_>>()?,
        })
    }

    pub(super) fn spread(&self) -> Option<Spread> {
        Spread::of(self.samples.clone())
    }
}

impl Spread {
    pub(super) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let at = |tenths: usize| values.get((values.len() * tenths / 10).min(values.len() - 1));
        if values.is_empty() {
            return None;
        }
        Some(Self {
            low: *at(1)?,
            median: *at(5)?,
            high: *at(9)?,
        })
    }
}
