//! The contract of the example servers, seen from outside, on all three frameworks, with the policies
//! in the server's code and with those in a file of rules.
//!
//! Every module is one part of the contract; every test in it takes the server to be tested.
//! Names begin with the framework: `axum::refusals`, `axum::by_rules::refusals`.

mod algorithms;
mod bound;
mod case;
mod challenge;
mod configuration;
mod cors;
mod embedded;
mod endpoints;
mod equality;
#[cfg(unix)]
mod fleet;
mod introspection;
mod log;
mod metadata;
mod metrics;
mod organizations;
mod outage;
mod preflight;
#[cfg(unix)]
mod proxy;
mod refusals;
mod rotation;
mod rules;
mod shutdown;
mod stage;
mod tokens;

macro_rules! on_every_framework {
    ($($module:ident: $($test:ident),+;)+) => {
        on_every_framework!(mod axum, Axum, $($module: $($test),+;)+);
        on_every_framework!(mod warp, Warp, $($module: $($test),+;)+);
        on_every_framework!(mod poem, Poem, $($module: $($test),+;)+);
    };
    (mod $name:ident, $framework:ident, $($module:ident: $($test:ident),+;)+) => {
        mod $name {
            on_every_framework!(@ in_code, $framework, $($module: $($test),+;)+);

            mod by_rules {
                on_every_framework!(@ by_rules, $framework, $($module: $($test),+;)+);
            }
        }
    };
    (@ $policies:ident, $framework:ident, $($module:ident: $($test:ident),+;)+) => {
        $(mod $module {
            $(#[test]
            fn $test() {
                let framework = blackbox::servers::Framework::$framework;
                crate::$module::$test(crate::stage::Subject::$policies(framework));
            })+
        })+
    };
}

on_every_framework! {
    algorithms: every_asymmetric_one_by_name, none_but_the_listed;
    bound: by_a_key, by_a_key_with_nonces, by_a_certificate, only_where_it_is_set;
    configuration: mistakes, several_audiences, an_auth0_domain, a_variable_that_means_nothing, short_forms, a_log_filter, a_key_url_of_its_own,
        metadata_at_an_address_of_their_own, an_issuer_that_is_only_compared, keys_by_plain_http,
        a_ca_file;
    cors: preflights, other_origins, every_answer, answers_without_keys, options_that_are_no_preflights,
        mistakes;
    embedded: the_printed_curl_line_works, the_issuer_gives_tokens, it_names_itself,
        the_inspector_shows_decisions;
    endpoints: answers, messages_are_stored, about_the_caller;
    introspection: off, opaque, signed, always, fallback, down, by_a_client_that_is_not_accepted;
    log: of_refusals;
    metadata: of_the_resource, can_be_read_by_everybody, is_nowhere_else, of_a_resource_with_a_path;
    metrics: are_served_when_asked_for;
    organizations: members_and_admins, messages_stay_within, suspended_callers_read_only;
    outage: down_at_the_start, down_later;
    preflight: answered_by_the_server, other_options_do_not;
    refusals: of_credentials, without_a_resource;
    rotation: of_the_signing_key;
    rules: the_file_decides, mistakes_in_the_file;
    shutdown: on_sigterm, on_sigint, with_a_request_in_flight, with_an_idle_connection;
    tokens: refused, decided_by_scope;
}
