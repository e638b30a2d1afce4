//! Native functions about files. What cannot be done is reported and answers `undefined`; what
//! is over a limit throws a `RangeError`.

use std::rc::Rc;

use rquickjs::{Ctx, Exception, Object, String as JsString};

use super::put;
use crate::core::Core;
use crate::problem;
use crate::storage::{self, Caps, Encoding, Mode, OpenFile, Storage, StorageError, storage_path};
use crate::text;

type Answer<T> = rquickjs::Result<Option<T>>;

/// Nothing is installed for a script that has no files.
pub(super) fn install(core: &Rc<Core>, host: &Object<'_>) -> rquickjs::Result<()> {
    if core.storage.is_none() {
        return Ok(());
    }
    install_paths(core, host)?;
    install_open(core, host)?;
    install_reading(core, host)?;
    install_writing(core, host)
}

fn install_paths(core: &Rc<Core>, host: &Object<'_>) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(host, "filePath", move |ctx: Ctx<'_>, name: JsString<'_>| {
        let name = text::of(&name)?;
        answer(&this, &ctx, storage_path(&name))
    })?;
    on_path(core, host, "fileStat", |core, storage, path| {
        let Some(stat) = storage.stat(path)? else {
            return Ok(None);
        };
        // How many are in a folder is its length.
        let length = if stat.folder {
            storage.list(path, core.config.list_entries)?.len() as f64
        } else {
            stat.length as f64
        };
        let kind = if stat.folder { 1.0 } else { 0.0 };
        Ok(Some(vec![kind, length, stat.created_ms, stat.modified_ms]))
    })?;
    on_path(core, host, "fileKind", |_, storage, path| {
        let stat = storage.stat(path)?;
        Ok(stat.map(|stat| if stat.folder { "folder" } else { "file" }))
    })?;
    on_path(core, host, "fileList", |core, storage, path| {
        storage.list(path, core.config.list_entries).map(Some)
    })?;
    on_path(core, host, "fileMakeFolder", |_, storage, path| {
        storage.make_folder(path).map(|()| Some(true))
    })?;
    on_path(core, host, "fileRemove", |_, storage, path| {
        storage.remove(path).map(|()| Some(true))
    })?;
    on_path(core, host, "fileRemoveAll", |core, storage, path| {
        let removed = storage::remove_all(storage, path, core.config.list_entries);
        removed.map(|()| Some(true))
    })?;
    on_two_paths(core, host, "fileRename", |_, storage, from, to| {
        storage.rename(from, to)
    })?;
    on_two_paths(core, host, "fileCopy", |core, storage, from, to| {
        storage::copy(storage, from, to, core.config.file_bytes)
    })
}

/// A function of one path.
fn on_path<'js, T: rquickjs::IntoJs<'js> + 'static>(
    core: &Rc<Core>,
    host: &Object<'js>,
    name: &str,
    run: impl Fn(&Core, &dyn Storage, &str) -> Result<Option<T>, StorageError> + 'static,
) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(host, name, move |ctx: Ctx<'js>, path: JsString<'js>| {
        let Some(storage) = &this.storage else {
            return rquickjs::Result::Ok(None);
        };
        let path = text::of(&path)?;
        Ok(answer(&this, &ctx, run(&this, &**storage, &path))?.flatten())
    })
}

/// A function of two paths.
fn on_two_paths<'js>(
    core: &Rc<Core>,
    host: &Object<'js>,
    name: &str,
    run: impl Fn(&Core, &dyn Storage, &str, &str) -> Result<(), StorageError> + 'static,
) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(
        host,
        name,
        move |ctx: Ctx<'js>, from: JsString<'js>, to: JsString<'js>| {
            let Some(storage) = &this.storage else {
                return Ok(None);
            };
            let (from, to) = (text::of(&from)?, text::of(&to)?);
            let done = run(&this, &**storage, &from, &to);
            answer(&this, &ctx, done.map(|()| true))
        },
    )
}

fn install_open(core: &Rc<Core>, host: &Object<'_>) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(
        host,
        "fileOpen",
        move |ctx: Ctx<'_>, path: JsString<'_>, utf8: bool, mode: u8| {
            open(&this, &ctx, &path, utf8, mode)
        },
    )?;
    let this = Rc::clone(core);
    put(host, "fileClose", move |id: u32| {
        this.open_files.borrow_mut().close(id);
    })
}

/// `mode`: 1 is read, 2 write, 4 append, 8 create. Answers the file's id.
fn open(core: &Core, ctx: &Ctx<'_>, path: &JsString<'_>, utf8: bool, mode: u8) -> Answer<u32> {
    let Some(storage) = &core.storage else {
        return Ok(None);
    };
    let mode = Mode {
        read: mode & 1 != 0,
        write: mode & 2 != 0,
        append: mode & 4 != 0,
        create: mode & 8 != 0,
    };
    let encoding = if utf8 {
        Encoding::Utf8
    } else {
        Encoding::Single
    };
    let path = text::of(path)?;
    let mut files = core.open_files.borrow_mut();
    let opened = files.open(&**storage, &path, mode, encoding, core.config.open_files);
    drop(files);
    answer(core, ctx, opened)
}

fn install_reading<'js>(core: &Rc<Core>, host: &Object<'js>) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(
        host,
        "fileRead",
        move |ctx: Ctx<'js>, id: u32, count: f64| {
            // Saturates; NaN is 0.
            let read = |file: &mut OpenFile, caps| file.read(count as usize, caps);
            on_file(&this, &ctx, id, read)
        },
    )?;
    of_file(core, host, "fileReadLine", OpenFile::read_line)?;
    of_file(core, host, "fileReadLines", OpenFile::read_lines)?;
    of_file(core, host, "fileReadByte", |file, _| file.read_byte())?;
    of_file(core, host, "fileAtEnd", |file, _| file.at_end())?;
    of_file(core, host, "filePosition", |file, _| {
        file.position().map(|position| position as f64)
    })
}

fn install_writing<'js>(core: &Rc<Core>, host: &Object<'js>) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(
        host,
        "fileWrite",
        move |ctx: Ctx<'js>, id: u32, text: JsString<'js>| {
            let text = text::of(&text)?;
            let write = |file: &mut OpenFile, caps| file.write(&text, caps).map(|()| true);
            on_file(&this, &ctx, id, write)
        },
    )?;
    let this = Rc::clone(core);
    put(
        host,
        "fileWriteByte",
        move |ctx: Ctx<'js>, id: u32, byte: u8| {
            let write = |file: &mut OpenFile, caps| file.write_bytes(&[byte], caps).map(|()| true);
            on_file(&this, &ctx, id, write)
        },
    )?;
    let this = Rc::clone(core);
    put(
        host,
        "fileGoTo",
        move |ctx: Ctx<'js>, id: u32, position: f64| {
            let go = |file: &mut OpenFile, _| file.go_to(position).map(|position| position as f64);
            on_file(&this, &ctx, id, go)
        },
    )?;
    of_file(core, host, "fileFlush", |file, _| {
        file.flush().map(|()| true)
    })
}

/// A function of an open file that needs nothing else.
fn of_file<'js, T: rquickjs::IntoJs<'js> + 'static>(
    core: &Rc<Core>,
    host: &Object<'js>,
    name: &str,
    run: impl Fn(&mut OpenFile, Caps) -> Result<T, StorageError> + 'static,
) -> rquickjs::Result<()> {
    let this = Rc::clone(core);
    put(host, name, move |ctx: Ctx<'js>, id: u32| {
        on_file(&this, &ctx, id, &run)
    })
}

/// Does something with an open file.
fn on_file<T>(
    core: &Core,
    ctx: &Ctx<'_>,
    id: u32,
    run: impl FnOnce(&mut OpenFile, Caps) -> Result<T, StorageError>,
) -> Answer<T> {
    let caps = Caps {
        read_bytes: core.config.file_read_bytes,
        file_bytes: core.config.file_bytes,
    };
    let mut files = core.open_files.borrow_mut();
    let Some(file) = files.get(id) else {
        return Ok(None);
    };
    let result = run(file, caps);
    drop(files);
    answer(core, ctx, result)
}

/// Tells the script's owner why something was not done. A report counts as an effect.
fn answer<T>(core: &Core, ctx: &Ctx<'_>, result: Result<T, StorageError>) -> Answer<T> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_limit() => Err(Exception::throw_range(ctx, &error.to_string())),
        Err(error) => {
            let report = problem::warning(format!("File: {error}"));
            core.count_effect(ctx)?;
            core.spend(ctx, report.description.len())?;
            core.report(&report);
            Ok(None)
        }
    }
}
