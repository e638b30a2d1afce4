//! The files of an application: the main script, what the files load by name, and what was loaded
//! when the application was started.

use std::collections::{HashSet, VecDeque};

use engine::scripting::Problem;

use super::{CheckSetup, Finding, of_source};
use crate::files::{self, Place};
use crate::prepass::{self, Prepared};
use crate::source;

/// All files of an application.
pub(super) struct Gathered {
    pub(super) main: Option<String>,
    pub(super) files: Vec<GatheredFile>,
    /// What is wrong with the files as such.
    pub(super) findings: Vec<Finding>,
    /// Files that are loaded and not there.
    pub(super) missing: HashSet<String>,
    /// Files that are over the limit.
    pub(super) left_out: usize,
    /// How deep brackets may be nested.
    pub(super) nesting: usize,
}

impl Gathered {
    /// Whether an error says that a file is missing of which that is known.
    pub(super) fn is_missing(&self, description: &str) -> bool {
        let mut missing = self.missing.iter();
        missing.any(|file| description.ends_with(&format!("there is no file {file}")))
    }

    /// Whether a problem is a note of the pre-pass, which the files tell by themselves.
    pub(super) fn is_note(&self, problem: &Problem) -> bool {
        let prepared = self.files.iter().filter_map(|file| file.prepared.as_ref());
        let mut notes = prepared
            .filter(|prepared| prepared.name() == problem.file)
            .flat_map(Prepared::notes);
        notes.any(|note| note.line == problem.line && note.description() == problem.description)
    }
}

/// One file.
pub(super) struct GatheredFile {
    pub(super) name: String,
    /// Nothing for a file that is no script.
    pub(super) prepared: Option<Prepared>,
}

/// A file that is known and not yet read.
type Waiting = VecDeque<(Place, String)>;

/// Reads all files. `run` are those that were read when the application was started.
pub(super) fn gather(setup: &CheckSetup, run: &[(Place, String)]) -> Gathered {
    let mut gatherer = Gatherer {
        setup,
        known: HashSet::new(),
        waiting: Waiting::new(),
        out: Gathered {
            main: None,
            files: Vec::new(),
            findings: Vec::new(),
            missing: HashSet::new(),
            left_out: 0,
            nesting: setup.config.source.nesting,
        },
    };
    gatherer.begin();
    for (place, name) in run {
        gatherer.meet(*place, name);
    }
    gatherer.read_all();
    gatherer.out
}

struct Gatherer<'a> {
    setup: &'a CheckSetup,
    known: HashSet<(bool, String)>,
    waiting: Waiting,
    out: Gathered,
}

impl Gatherer<'_> {
    /// The files that the server itself looks for.
    fn begin(&mut self) {
        let app = self.setup.info.name.split('/').next().unwrap_or_default();
        let secure = files::SECURE_NAMES.map(str::to_owned);
        if let Some(name) = self.first(&secure) {
            self.meet(Place::Application, &name);
        }
        self.out.main = self.first(&files::main_script_names(app));
        if let Some(name) = self.out.main.clone() {
            self.meet(Place::Application, &name);
        }
    }

    /// The first of these files that is there, whether it can be read or not. Those in an archive
    /// come before all others.
    fn first(&self, names: &[String]) -> Option<String> {
        let mut places = [Place::Archive, Place::Application].into_iter();
        places.find_map(|place| {
            let there = |name: &&String| !matches!(self.bytes(place, name), Ok(None));
            names.iter().find(there).cloned()
        })
    }

    fn bytes(&self, place: Place, name: &str) -> Result<Option<Vec<u8>>, files::FileError> {
        let max = self.setup.config.source.source_bytes;
        self.setup.files.read(place, name, max)
    }

    /// Puts a file on the list, once.
    fn meet(&mut self, place: Place, name: &str) {
        if !self
            .known
            .insert((place == Place::Library, name.to_owned()))
        {
            return;
        }
        if self.known.len() > self.setup.limits.files {
            self.out.left_out += 1;
        } else {
            self.waiting.push_back((place, name.to_owned()));
        }
    }

    fn read_all(&mut self) {
        while let Some((place, name)) = self.waiting.pop_front() {
            let prepared = self.read(place, &name);
            if let Some(prepared) = &prepared {
                self.follow(prepared);
            }
            self.out.files.push(GatheredFile { name, prepared });
        }
    }

    fn read(&mut self, place: Place, name: &str) -> Option<Prepared> {
        let bytes = match self.bytes(place, name) {
            Ok(bytes) => bytes?,
            Err(error) => {
                let finding = Finding::of_file(name.to_owned(), error.to_string());
                self.out.findings.push(finding);
                return None;
            }
        };
        let prepared = prepass::prepare(name, &bytes, &self.setup.config.source);
        prepared
            .map_err(|error| self.out.findings.push(of_source(error)))
            .ok()
    }

    /// The files that a file loads by name.
    fn follow(&mut self, prepared: &Prepared) {
        let outline = prepass::outline(prepared.original(), self.out.nesting);
        if outline.declared.contains("load") {
            return;
        }
        for load in outline.loads {
            if let Err(text) = self.resolve(&load.file) {
                let (line, column) = source::position(prepared.original(), load.offset);
                self.out.findings.push(Finding {
                    line,
                    column,
                    source_line: prepared.original_line(line).unwrap_or_default().to_owned(),
                    ..Finding::of_file(prepared.name().to_owned(), text)
                });
            }
        }
    }

    fn resolve(&mut self, file: &str) -> Result<(), String> {
        let path = files::relative_path(file).map_err(|error| error.to_string())?;
        let main_folder = self
            .out
            .main
            .as_deref()
            .map_or("", files::folder_of)
            .to_owned();
        for (place, name) in files::candidates(&main_folder, &path) {
            // What cannot be read is said of the file.
            if !matches!(self.bytes(place, &name), Ok(None)) {
                self.meet(place, &name);
                return Ok(());
            }
        }
        self.out.missing.insert(path.clone());
        Err(format!("there is no file {path} to load"))
    }
}
