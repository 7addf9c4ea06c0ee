//! The npm packages that some tests need.

use std::{fs, io, path::Path, process::Command, time::SystemTime};

/// Installs exactly what the lock file in this folder names, unless that has been done already.
///
/// # Errors
///
/// When npm cannot be run or fails.
pub fn install(folder: &Path) -> io::Result<()> {
    // npm writes this copy of the lock file when it has installed everything.
    let installed = modified(&folder.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= modified(&folder.join("package-lock.json")) {
        return Ok(());
    }
    println!("installing the npm packages of {}", folder.display());
    let mut command = Command::new("npm");
    let command = command.args(["ci", "--no-audit", "--no-fund"]);
    let status = command.current_dir(folder).status()?;
    match status.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!(
            "npm ended with {status} in {}: it says above why. `npm ci` there repeats it",
            folder.display()
        ))),
    }
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).ok()?.modified().ok()
}
