//! The npm packages of `tests/interop`.

use std::{fs, path::Path, process::Command, time::SystemTime};

use anstream::println;

use super::InteropError;
use crate::{process::root, stream};

/// Installs exactly what the lock file names, unless that has been done already.
pub(super) fn install() -> Result<(), InteropError> {
    let folder = root().join("tests/interop");
    // npm writes this copy of the lock file when it has installed everything.
    let installed = modified(&folder.join("node_modules/.package-lock.json"));
    let wanted = modified(&folder.join("package-lock.json"));
    if installed.is_some() && installed >= wanted {
        return Ok(());
    }
    println!("installing the npm packages of tests/interop");
    let mut command = Command::new("npm");
    command
        .current_dir(&folder)
        .args(["ci", "--no-audit", "--no-fund"]);
    let status = stream::run(command, |_| ()).map_err(|source| InteropError::Unstartable {
        program: "npm",
        source,
    })?;
    match status.success() {
        true => Ok(()),
        false => Err(InteropError::NotInstalled(status)),
    }
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file)
        .and_then(|metadata| metadata.modified())
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the packages come from is the business of the machine that installs them.
    #[test]
    fn the_lock_file_names_no_download_address() {
        let lock = fs::read_to_string(root().join("tests/interop/package-lock.json"))
            .expect("the lock file is committed");
        assert!(lock.contains("\"integrity\""));
        assert!(!lock.contains("\"resolved\""));
    }
}
