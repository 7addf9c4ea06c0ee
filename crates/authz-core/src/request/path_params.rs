use std::{borrow::Cow, fmt};

/// The path parameters that a router captured, by name.
///
/// Adapters implement it for their framework. Elsewhere, use a list of pairs:
///
/// ```
/// use authz_core::RequestParts;
///
/// # fn example(request: &http::Request<()>) {
/// let params = [("org", "org_7")];
/// let parts = RequestParts::from(request).with_path_params(&params);
/// # }
/// ```
pub trait PathParams: fmt::Debug + Send + Sync {
    /// Returns the parameter `name`, percent-decoded, or `None` if it is missing or not UTF-8.
    fn get(&self, name: &str) -> Option<Cow<'_, str>>;

    /// Returns the names of all parameters, for the log line about a parameter that the route
    /// lacks.
    fn names(&self) -> Vec<Cow<'_, str>> {
        Vec::new()
    }
}

impl<K, V> PathParams for [(K, V)]
where
    K: AsRef<str> + fmt::Debug + Send + Sync,
    V: AsRef<str> + fmt::Debug + Send + Sync,
{
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut params = self.iter().filter(|(key, _)| key.as_ref() == name);
        let (_, value) = params.next()?;
        // Nested routers may use a name twice, and the policy can't choose between them.
        let alone = params.next().is_none();
        alone.then_some(Cow::Borrowed(value.as_ref()))
    }

    fn names(&self) -> Vec<Cow<'_, str>> {
        self.iter()
            .map(|(key, _)| Cow::Borrowed(key.as_ref()))
            .collect()
    }
}

impl<K, V, const N: usize> PathParams for [(K, V); N]
where
    K: AsRef<str> + fmt::Debug + Send + Sync,
    V: AsRef<str> + fmt::Debug + Send + Sync,
{
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        PathParams::get(self.as_slice(), name)
    }

    fn names(&self) -> Vec<Cow<'_, str>> {
        PathParams::names(self.as_slice())
    }
}

impl<K, V> PathParams for Vec<(K, V)>
where
    K: AsRef<str> + fmt::Debug + Send + Sync,
    V: AsRef<str> + fmt::Debug + Send + Sync,
{
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        PathParams::get(self.as_slice(), name)
    }

    fn names(&self) -> Vec<Cow<'_, str>> {
        PathParams::names(self.as_slice())
    }
}
