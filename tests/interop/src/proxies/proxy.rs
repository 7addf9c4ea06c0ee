//! Describes, starts and ends a proxy.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, bail, ensure};

use super::page;
use crate::{
    python::VirtualEnvironment,
    tls::{Client, Identity},
};

/// All that differs between proxies. In texts, `FOLDER` stands for the folder of the run, `PORT` for the
/// port of the proxy.
pub(super) struct Proxy {
    /// The heading on the page.
    pub(super) name: &'static str,
    /// `AUTHZ_CLIENT_CERT_HEADER`
    pub(super) header_setting: &'static str,
    /// The header field with the certificate.
    pub(super) field: &'static str,
    /// What the proxy writes there, and a client would forge.
    pub(super) field_value: fn(&Identity) -> String,
    /// The program's name, and its path in a wheel.
    pub(super) program: (&'static str, &'static str),
    /// The argument that prints the version.
    pub(super) version: &'static str,
    pub(super) arguments: &'static [&'static str],
    /// A file for each block of the page, with the settings around `BLOCK` that only a test needs.
    pub(super) files: &'static [(&'static str, &'static str)],
    /// What a test must change in the blocks.
    pub(super) edits: &'static [(&'static str, &'static str)],
    /// The mistake in the configuration which lets the client's field through.
    pub(super) hole: (&'static str, &'static str),
}

impl Proxy {
    /// The system's program and the wheel's, as far as they are there.
    pub(super) fn programs(&self, wheels: Option<&VirtualEnvironment>) -> Vec<PathBuf> {
        let (name, in_wheel) = self.program;
        let path = env::var_os("PATH").unwrap_or_default();
        // Debian's are in /usr/sbin, which is not in everybody's PATH.
        let mut folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
        let installed = folders.find_map(|it| Some(it.join(name)).filter(|it| it.is_file()));
        let wheel = wheels.and_then(|it| it.file(in_wheel));
        installed.into_iter().chain(wheel).collect()
    }

    /// The version of a program, as far as one can be read.
    pub(super) fn version(&self, program: &Path) -> String {
        let Ok(output) = Command::new(program).arg(self.version).output() else {
            return String::new();
        };
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        let mut words = said.split([' ', '/', '-', '\n']);
        let is_version = |it: &&str| {
            let it = it.trim_start_matches('v');
            it.starts_with(|c: char| c.is_ascii_digit()) && it.contains('.')
        };
        let version = words.find(is_version).unwrap_or_default();
        version.trim_start_matches('v').to_owned()
    }

    /// Writes the configuration of the page, with its hole if `is_open`, into the client's folder.
    pub(super) fn configure(
        &self,
        is_open: bool,
        api_port: u16,
        client: &Client,
    ) -> anyhow::Result<()> {
        let blocks = page::blocks(self.name)?;
        ensure!(
            blocks.len() == self.files.len(),
            "{} blocks for {}",
            blocks.len(),
            self.name
        );
        let hole = is_open.then_some(&self.hole);
        let edits: Vec<_> = self.edits.iter().chain(hole).collect();
        for (from, _) in &edits {
            let is_known = blocks.iter().any(|block| block.contains(from));
            ensure!(is_known, "the page has no {from:?} for {}", self.name);
        }
        let folder = client.folder.path().display().to_string();
        for ((name, around), block) in self.files.iter().zip(blocks) {
            let mut text = around.replace("BLOCK", &block);
            for (from, to) in &edits {
                text = text.replace(from, to);
            }
            // The folder comes last, because its name is random.
            let text = text
                .replace("3010", &api_port.to_string())
                .replace("PORT", &client.port.to_string())
                .replace("/etc/tls", &folder)
                .replace("FOLDER", &folder);
            fs::write(client.file(name), text)?;
        }
        Ok(())
    }
}

/// A proxy that forwards requests. It ends when it is dropped.
pub(super) struct Running(Child);

impl Running {
    /// Starts it and waits until it forwards requests to the API.
    pub(super) fn start(
        proxy: &Proxy,
        program: &Path,
        is_open: bool,
        api_port: u16,
        client: &Client,
    ) -> anyhow::Result<Self> {
        proxy.configure(is_open, api_port, client)?;
        let folder = client.folder.path();
        let log = fs::File::create(client.file("log"))?;
        let text = folder.display().to_string();
        let child = Command::new(program)
            .args(proxy.arguments.iter().map(|it| it.replace("FOLDER", &text)))
            .current_dir(folder)
            .env("HOME", folder)
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_CONFIG_HOME")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let mut running = Self(child);
        client.wait_for("/healthz", || {
            let log = fs::read_to_string(client.file("log")).unwrap_or_default();
            match running.0.try_wait()? {
                Some(status) => bail!("{} ended with {status}:\n{log}", proxy.name),
                None => Ok(log),
            }
        })?;
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only for a process that has ended and been waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
