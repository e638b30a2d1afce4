//! The path patterns of `clearSharedObjects`, which are those of `clearStreams` too.

/// Which objects, or recordings, a path means (FlashCom's server-side dictionary,
/// `application.clearSharedObjects` and `application.clearStreams`).
///
/// `/` means all. Otherwise the last part may have wildcards, `?` for one character and `*` for
/// any number, and then means folders too, with all that is in them; without wildcards it means
/// the one of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The parts before the last, which must be the name's.
    folders: Vec<String>,
    /// The last part; `None` means everything.
    last: Option<Vec<char>>,
    has_wildcards: bool,
}

impl Pattern {
    /// Reads a path; its leading slash may be left out. `None` when a part is empty.
    pub fn parse(path: &str) -> Option<Self> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let mut folders: Vec<_> = path.split('/').map(str::to_owned).collect();
        let last = folders.pop()?;
        if path.is_empty() {
            return Some(Self {
                folders: Vec::new(),
                last: None,
                has_wildcards: true,
            });
        }
        if last.is_empty() || folders.iter().any(String::is_empty) {
            return None;
        }
        Some(Self {
            folders,
            has_wildcards: last.contains(['*', '?']),
            last: Some(last.chars().collect()),
        })
    }

    /// Whether it means the one of this name, which has no slash at its beginning.
    pub fn matches(&self, name: &str) -> bool {
        let Some(last) = &self.last else {
            return true;
        };
        let mut parts = name.split('/');
        for folder in &self.folders {
            if parts.next() != Some(folder) {
                return false;
            }
        }
        let fits = parts.next().is_some_and(|part| fits(last, part));
        fits && (self.has_wildcards || parts.next().is_none())
    }

    /// Whether it may mean something inside this folder.
    pub fn reaches(&self, folder: &str) -> bool {
        let parts = folder.split('/').count();
        if parts > self.folders.len() {
            return self.has_wildcards && self.matches(folder);
        }
        let same = |(part, wanted): (&str, &String)| part == wanted;
        folder.split('/').zip(&self.folders).all(same)
    }

    /// Whether it may mean more than one.
    pub fn has_wildcards(&self) -> bool {
        self.has_wildcards
    }
}

/// Whether a part of a name fits a part with wildcards. Goes back only to the last `*`, so it
/// takes no more than the product of both lengths.
fn fits(pattern: &[char], part: &str) -> bool {
    let part: Vec<_> = part.chars().collect();
    let (mut at, mut in_pattern) = (0, 0);
    let mut star = None;
    while let Some(c) = part.get(at) {
        match pattern.get(in_pattern) {
            Some('*') => {
                star = Some((in_pattern, at));
                in_pattern += 1;
            }
            Some(p) if *p == '?' || p == c => {
                in_pattern += 1;
                at += 1;
            }
            _ => {
                let Some((star_at, taken)) = star else {
                    return false;
                };
                star = Some((star_at, taken + 1));
                (in_pattern, at) = (star_at + 1, taken + 1);
            }
        }
    }
    let rest = pattern.get(in_pattern..).unwrap_or_default();
    rest.iter().all(|p| *p == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_mean_what_the_dictionary_says() {
        for (path, name, expected) in [
            ("/", "a", true),
            ("/", "a/b/c", true),
            ("", "a", true),
            ("/foo/bar", "foo/bar", true),
            ("foo/bar", "foo/bar", true),
            ("/foo/bar", "foo/bar/x", false),
            ("/foo/bar", "foo/barx", false),
            ("/foo/bar", "foo", false),
            ("/foo/bar/*", "foo/bar/x", true),
            ("/foo/bar/*", "foo/bar/x/y", true),
            ("/foo/bar/*", "foo/bar", false),
            ("/foo/bar/*", "foo/baz/x", false),
            ("/foo/bar/XX??", "foo/bar/XX12", true),
            ("/foo/bar/XX??", "foo/bar/XX12/deep", true),
            ("/foo/bar/XX??", "foo/bar/XX1", false),
            ("/foo/bar/XX??", "foo/bar/XX123", false),
            ("/x*y*z", "xaybz", true),
            ("/x*y*z", "xaybzc", false),
            ("/f?o/bar", "foo/bar", false),
        ] {
            let pattern = Pattern::parse(path).unwrap();
            assert_eq!(pattern.matches(name), expected, "{path} {name}");
        }
        assert_eq!(Pattern::parse("/a//b"), None);
        assert_eq!(Pattern::parse("/a/"), None);
    }
    #[test]
    fn folders_are_entered_where_something_may_match() {
        for (path, folder, expected) in [
            ("/", "a/b", true),
            ("/foo/bar", "foo", true),
            ("/foo/bar", "fox", false),
            ("/foo/bar", "foo/bar", false),
            ("/foo/*", "foo", true),
            ("/foo/*", "foo/bar/deep", true),
            ("/foo/b?", "foo/b1/deep", true),
            ("/foo/b?", "foo/b12", false),
            ("/foo", "foo", false),
        ] {
            let pattern = Pattern::parse(path).unwrap();
            assert_eq!(pattern.reaches(folder), expected, "{path} {folder}");
        }
    }
}
