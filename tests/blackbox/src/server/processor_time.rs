use std::time::Duration;

#[cfg(target_os = "linux")]
pub(super) fn processor_time(id: u32) -> Option<Duration> {
    use nix::{
        time::{clock_getcpuclockid, clock_gettime},
        unistd::Pid,
    };

    let clock = clock_getcpuclockid(Pid::from_raw(i32::try_from(id).ok()?)).ok()?;
    Some(clock_gettime(clock).ok()?.into())
}

#[cfg(not(target_os = "linux"))]
pub(super) fn processor_time(_: u32) -> Option<Duration> {
    None
}
