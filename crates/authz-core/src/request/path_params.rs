use std::{borrow::Cow, fmt};

/// The parameters that a router found in a request's path, by the names in its pattern.
///
/// Adapters give their framework's; a list of pairs does for everything else:
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
    /// The value of the parameter `name`, percent-decoded; `None` where there is none, or it is not UTF-8.
    fn get(&self, name: &str) -> Option<Cow<'_, str>>;

    /// The names of all parameters, for the log line about one that a policy asks for and the route
    /// does not have.
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
        // Nested routers may use a name twice: nobody can say which of them is meant.
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
