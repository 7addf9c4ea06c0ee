//! The APIs, roles, users, organizations and clients of a development issuer.

mod change;
mod check;
mod document;
mod entry;

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Mutex,
};

use self::document::Document;
pub(crate) use self::{
    change::Collection,
    check::Invalid,
    entry::{Api, Format, Settings, secret_bytes},
};
use crate::lock::Locked as _;

/// The APIs, roles, users, organizations and clients that a development issuer knows.
///
/// They decide what its tokens contain: a token for a registered API has the API's algorithm, format
/// and lifetime, and a registered client gets only the scopes that it may ask for. Unregistered APIs
/// and clients get any token, as without a registry.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("issuer.toml");
/// std::fs::write(
///     &file,
///     r#"
///     [[api]]
///     identifier = "https://quickstart.example/api"
///     name = "Quickstart API"
///
///     [api.scopes]
///     "read:messages" = "Read messages"
///
///     [[client]]
///     id = "reporter"
///     [client.scopes]
///     "https://quickstart.example/api" = ["read:messages"]
///     "#,
/// )?;
/// let registry = authz_testkit::Registry::open(&file)?;
/// # Ok(())
/// # }
/// ```
pub struct Registry {
    store: Mutex<RegistryContent>,
}

#[derive(Default)]
struct RegistryContent {
    file: Option<RegistryFile>,
    settings: Settings,
}

struct RegistryFile {
    path: PathBuf,
    /// The text that was last read or written, to notice an edit by hand.
    text: String,
    document: Document,
    /// The error of the last edit by hand. The settings before it stay in force.
    error: Option<String>,
}

/// The file of a [`Registry`] cannot be read, written or understood.
pub struct RegistryError {
    path: Option<PathBuf>,
    message: String,
    source: Option<io::Error>,
}

impl Registry {
    /// Creates an empty registry that is lost when the issuer stops.
    #[must_use]
    pub fn in_memory() -> Self {
        Self {
            store: Mutex::default(),
        }
    }

    /// Reads a registry from TOML. Changes are lost when the issuer stops.
    ///
    /// # Errors
    ///
    /// If the text is not a valid registry. The message names the line.
    pub fn from_toml(text: &str) -> Result<Self, RegistryError> {
        let (_, settings, _) = read(text).map_err(|message| RegistryError {
            path: None,
            message,
            source: None,
        })?;
        Ok(Self {
            store: Mutex::new(RegistryContent {
                file: None,
                settings,
            }),
        })
    }

    /// Reads a registry from a TOML file, and writes later changes back to it. Comments are kept. If
    /// the file does not exist, the registry is empty, and the first change creates the file.
    ///
    /// Edits by hand apply from the next request on.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is not a valid registry. The message names the line.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, RegistryError> {
        let mut store = RegistryContent {
            file: Some(RegistryFile {
                path: path.into(),
                text: String::new(),
                document: Document::default(),
                error: None,
            }),
            settings: Settings::default(),
        };
        store.reload()?;
        Ok(Self {
            store: Mutex::new(store),
        })
    }

    pub(crate) fn settings(&self) -> Settings {
        let mut store = self.store.locked();
        store.refresh();
        store.settings.clone()
    }

    /// Returns the file's path and the error of the last edit by hand.
    pub(crate) fn file(&self) -> (Option<String>, Option<String>) {
        let store = self.store.locked();
        let file = store.file.as_ref();
        let path = file.map(|file| file.path.display().to_string());
        (path, file.and_then(|file| file.error.clone()))
    }

    /// Replaces the entry `previous`, or adds one. Returns the secret that was generated for an API
    /// with an HMAC algorithm.
    pub(crate) fn put(
        &self,
        collection: Collection,
        previous: Option<&str>,
        entry: serde_json::Value,
    ) -> Result<Option<String>, Invalid> {
        self.store.locked().change(|settings, document| {
            let put = settings.put(collection, previous, entry)?;
            if let Some(previous) = previous {
                document.rename(collection, previous, &put.id);
            }
            Ok(put.secret)
        })
    }

    pub(crate) fn delete(&self, collection: Collection, id: &str) -> Result<(), Invalid> {
        self.store
            .locked()
            .change(|settings, _| settings.delete(collection, id))
    }
}

impl RegistryContent {
    /// Reads the file again if it was edited by hand.
    fn refresh(&mut self) {
        let result = self.reload();
        if let Some(file) = &mut self.file {
            file.error = result.err().map(|error| error.to_string());
        }
    }

    fn reload(&mut self) -> Result<(), RegistryError> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let text = match fs::read_to_string(&file.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(RegistryError::io(&file.path, "cannot read it", error)),
        };
        if text == file.text && file.error.is_none() {
            return Ok(());
        }
        let invalid = |message| RegistryError::invalid(&file.path, message);
        let (document, settings, generated) = read(&text).map_err(invalid)?;
        (file.text, file.document, file.error) = (text, document, None);
        self.settings = settings;
        if generated {
            self.save()?;
        }
        Ok(())
    }

    fn change<T>(
        &mut self,
        change: impl FnOnce(&mut Settings, &mut Document) -> Result<T, Invalid>,
    ) -> Result<T, Invalid> {
        self.refresh();
        if let Some(error) = self.file.as_ref().and_then(|file| file.error.clone()) {
            return Err(Invalid::file(error));
        }
        let mut settings = self.settings.clone();
        let mut unused = Document::default();
        let mut document = self.file.as_ref().map(|file| file.document.clone());
        let result = change(&mut settings, document.as_mut().unwrap_or(&mut unused))?;
        settings.check()?;
        self.settings = settings;
        if let (Some(file), Some(document)) = (&mut self.file, document) {
            file.document = document;
        }
        self.save()
            .map_err(|error| Invalid::file(error.to_string()))?;
        Ok(result)
    }

    fn save(&mut self) -> Result<(), RegistryError> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        file.document.merge(&self.settings);
        file.text = file.document.to_string();
        fs::write(&file.path, &file.text)
            .map_err(|error| RegistryError::io(&file.path, "cannot write it", error))
    }
}

/// Returns whether secrets were generated that the text does not contain.
fn read(text: &str) -> Result<(Document, Settings, bool), String> {
    let document = Document::parse(text)?;
    let mut settings = document.settings()?;
    let generated = settings.generate_secrets();
    settings.check().map_err(|error| error.message)?;
    Ok((document, settings, generated))
}

impl RegistryError {
    fn io(path: &Path, message: &str, error: io::Error) -> Self {
        Self {
            path: Some(path.to_owned()),
            message: message.to_owned(),
            source: Some(error),
        }
    }

    fn invalid(path: &Path, message: String) -> Self {
        Self {
            path: Some(path.to_owned()),
            message,
            source: None,
        }
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}: {}", path.display(), self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl fmt::Debug for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for RegistryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

/// Shows the file alone: the settings contain secrets.
impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("file", &self.file().0)
            .finish_non_exhaustive()
    }
}
