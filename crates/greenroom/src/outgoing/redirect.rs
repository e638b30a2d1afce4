//! Where a redirection leads.

use super::address::Target;

/// The address that `location` means in a response of `target` (RFC 3986 §5.2, without dots).
pub(super) fn resolve(target: &Target, location: &str) -> String {
    let scheme = location.split(['/', '?', '#']).next().unwrap_or_default();
    if scheme.contains(':') {
        return location.to_owned();
    }
    if location.starts_with("//") {
        return format!("{}:{location}", target.scheme());
    }
    let server = format!("{}://{}", target.scheme(), target.authority());
    if location.starts_with('/') {
        return format!("{server}{location}");
    }
    let path = target.path.split('?').next().unwrap_or_default();
    if location.starts_with('?') {
        return format!("{server}{path}{location}");
    }
    let folder = path.rfind('/').map_or("/", |at| &path[..=at]);
    format!("{server}{folder}{location}")
}

#[cfg(test)]
mod tests {
    use super::{Target, resolve};

    #[test]
    fn locations_are_relative_to_the_request() {
        let target = Target::parse("http://h:81/a/b?c").unwrap();
        for (location, url) in [
            ("/x?y", "http://h:81/x?y"),
            ("x", "http://h:81/a/x"),
            ("?x", "http://h:81/a/b?x"),
            ("//other/x", "http://other/x"),
            ("https://other/", "https://other/"),
            ("x?u=http://y", "http://h:81/a/x?u=http://y"),
        ] {
            assert_eq!(resolve(&target, location), url, "{location}");
        }
        let secure = Target::parse("https://h/a").unwrap();
        for (location, url) in [("x", "https://h/x"), ("//other/", "https://other/")] {
            assert_eq!(resolve(&secure, location), url, "{location}");
        }
    }
}
