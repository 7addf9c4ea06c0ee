use authz_core::Policy;

/// The text of a policy. What is one is written so that it reads back as the same, and what is none
/// is told with the place.
pub fn policy(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match text.parse::<Policy>() {
        Ok(policy) => {
            let written = policy.to_string();
            let again: Policy = match written.parse() {
                Ok(again) => again,
                Err(error) => panic!("{written:?} does not read back: {error}"),
            };
            assert_eq!(again, policy, "{written:?}");
            assert_eq!(again.to_string(), written);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
