//! The registry as Markdown: the tables of `docs/scripting.md`.

use std::fmt::{self, Write as _};

use super::{CLASSES, Class, GLOBAL, Kind, Member, Since, State};

/// The tables of all classes, for the reference page.
#[must_use]
pub fn reference() -> String {
    let mut out = String::new();
    for class in CLASSES {
        // Writing into a string does not fail.
        let _ = write_class(&mut out, class);
    }
    out
}

fn write_class(out: &mut String, class: &Class) -> fmt::Result {
    let title = match class.name {
        GLOBAL => "Global functions".to_owned(),
        name if name.contains(' ') => name.to_owned(),
        name => code(name),
    };
    writeln!(out, "### {title}\n")?;
    writeln!(
        out,
        "Since {}; {}. {}\n",
        class.since, class.state, class.note
    )?;
    if class.members.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "| name | is a | since | here | what it does |\n|---|---|---|---|---|"
    )?;
    for member in class.members {
        write_member(out, member)?;
    }
    writeln!(out)
}

fn write_member(out: &mut String, member: &Member) -> fmt::Result {
    let Member {
        name,
        kind,
        since,
        state,
        note,
        ..
    } = member;
    writeln!(
        out,
        "| {} | {kind} | {since} | {state} | {note} |",
        code(name)
    )
}

/// A name as code; a backquote in it needs two around it.
fn code(name: &str) -> String {
    if name.contains('`') {
        format!("`` {name} ``")
    } else {
        format!("`{name}`")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Method => "method",
            Self::Property => "property",
            Self::Event => "handler",
            Self::Class => "class",
        })
    }
}

impl fmt::Display for Since {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Language => "JavaScript 1.5",
            Self::Fcs1 => "FCS 1",
            Self::Fcs15 => "FCS 1.5",
            Self::Fms2 => "FMS 2",
            Self::Fms3 => "FMS 3",
            Self::Fms35 => "FMS 3.5",
            Self::Fms4 => "FMS 4",
            Self::Undocumented => "undocumented",
            Self::Here => "this server",
        })
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Supported => "yes",
            Self::Differs => "**differs**",
            Self::Later => "*not yet*",
            Self::Never => "*no*",
        })
    }
}
