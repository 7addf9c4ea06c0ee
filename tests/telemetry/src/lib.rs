//! Only tests: how traces and log lines name the reason of a refusal.
