//! The script's files in memory, for tests and for scripts that must not touch a disk.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::rc::Rc;

use super::{OpenHow, Stat, Storage, StorageError, Stream};

/// Files and folders by their paths. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage {
    nodes: Rc<RefCell<BTreeMap<String, Node>>>,
}

#[derive(Clone, Debug)]
enum Node {
    Folder,
    File(Rc<RefCell<Vec<u8>>>),
}

impl MemoryStorage {
    /// Nothing but the application's folder.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more file, and the folders around it.
    #[must_use]
    pub fn with(self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        for (at, _) in path.match_indices('/') {
            let mut nodes = self.nodes.borrow_mut();
            nodes.insert(path[..at].to_owned(), Node::Folder);
        }
        let file = Node::File(Rc::new(RefCell::new(bytes.into())));
        self.nodes.borrow_mut().insert(path.to_owned(), file);
        self
    }

    /// What a file holds.
    pub fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        match self.node(path)? {
            Node::File(bytes) => Some(bytes.borrow().clone()),
            Node::Folder => None,
        }
    }

    fn node(&self, path: &str) -> Option<Node> {
        if path.is_empty() {
            return Some(Node::Folder);
        }
        self.nodes.borrow().get(path).cloned()
    }

    /// Puts something where nothing is, in a folder that is there.
    fn put(&self, path: &str, node: Node) -> Result<(), StorageError> {
        if self.node(path).is_some() {
            return Err(failed(path, io::ErrorKind::AlreadyExists));
        }
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        match self.node(parent) {
            Some(Node::Folder) => {}
            _ => return Err(failed(path, io::ErrorKind::NotFound)),
        }
        self.nodes.borrow_mut().insert(path.to_owned(), node);
        Ok(())
    }

    /// The paths of all that is inside a folder.
    fn inside(&self, path: &str) -> Vec<String> {
        let prefix = if path.is_empty() {
            String::new()
        } else {
            format!("{path}/")
        };
        let nodes = self.nodes.borrow();
        let paths = nodes.range(prefix.clone()..).map(|(path, _)| path);
        let paths = paths.take_while(|path| path.starts_with(&prefix));
        paths.cloned().collect()
    }
}

fn failed(path: &str, kind: io::ErrorKind) -> StorageError {
    StorageError::io(path, kind.into())
}

impl Storage for MemoryStorage {
    fn stat(&self, path: &str) -> Result<Option<Stat>, StorageError> {
        let stat = |folder, length| Stat {
            folder,
            length,
            created_ms: 0.0,
            modified_ms: 0.0,
        };
        Ok(self.node(path).map(|node| match node {
            Node::Folder => stat(true, 0),
            Node::File(bytes) => stat(false, bytes.borrow().len() as u64),
        }))
    }

    fn open(&self, path: &str, how: OpenHow) -> Result<Box<dyn Stream>, StorageError> {
        if self.node(path).is_none() && how.write {
            self.put(path, Node::File(Rc::default()))?;
        }
        match self.node(path) {
            Some(Node::File(bytes)) => {
                if how.truncate {
                    bytes.borrow_mut().clear();
                }
                Ok(Box::new(MemoryFile { bytes, position: 0 }))
            }
            Some(Node::Folder) => Err(failed(path, io::ErrorKind::IsADirectory)),
            None => Err(failed(path, io::ErrorKind::NotFound)),
        }
    }

    fn list(&self, path: &str, max: usize) -> Result<Vec<String>, StorageError> {
        if !matches!(self.node(path), Some(Node::Folder)) {
            return Err(failed(path, io::ErrorKind::NotADirectory));
        }
        let skip = if path.is_empty() { 0 } else { path.len() + 1 };
        let names = self.inside(path).into_iter();
        let names: Vec<String> = names
            .map(|path| path[skip..].to_owned())
            .filter(|name| !name.contains('/'))
            .collect();
        if names.len() > max {
            return Err(StorageError::TooManyEntries(max));
        }
        Ok(names)
    }

    fn make_folder(&self, path: &str) -> Result<(), StorageError> {
        self.put(path, Node::Folder)
    }

    fn remove(&self, path: &str) -> Result<(), StorageError> {
        if path.is_empty() {
            return Err(StorageError::Root(path.to_owned()));
        }
        if !self.inside(path).is_empty() {
            return Err(failed(path, io::ErrorKind::DirectoryNotEmpty));
        }
        let removed = self.nodes.borrow_mut().remove(path);
        removed.map_or(Err(failed(path, io::ErrorKind::NotFound)), |_| Ok(()))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError> {
        if from.is_empty() {
            return Err(StorageError::Root(from.to_owned()));
        }
        let node = self.node(from);
        let node = node.ok_or_else(|| failed(from, io::ErrorKind::NotFound))?;
        if to.starts_with(&format!("{from}/")) {
            return Err(failed(from, io::ErrorKind::InvalidInput));
        }
        self.put(to, node)?;
        let moved = self.inside(from);
        let mut nodes = self.nodes.borrow_mut();
        nodes.remove(from);
        for path in moved {
            if let Some(node) = nodes.remove(&path) {
                nodes.insert(format!("{to}{}", &path[from.len()..]), node);
            }
        }
        Ok(())
    }
}

/// An open file.
struct MemoryFile {
    bytes: Rc<RefCell<Vec<u8>>>,
    position: u64,
}

impl Read for MemoryFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.bytes.borrow();
        let mut rest = bytes.get(self.position as usize..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Write for MemoryFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let mut bytes = self.bytes.borrow_mut();
        let start = self.position as usize;
        let end = start + buffer.len();
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[start..end].copy_from_slice(buffer);
        self.position = end as u64;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for MemoryFile {
    fn seek(&mut self, target: SeekFrom) -> io::Result<u64> {
        let length = self.bytes.borrow().len() as u64;
        let position = match target {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(by) => length.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
