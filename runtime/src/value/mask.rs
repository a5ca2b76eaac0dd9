//! Field masks.

use super::text::text;

text! {
    /// Paths of members, separated by commas: `displayName,address.city`.
    ///
    /// The paths are sent exactly as given, with no change of case: some APIs take `foreground_color`, others
    /// `foregroundColor`.
    ///
    /// ```
    /// use gapis_runtime::FieldMask;
    ///
    /// let mask: FieldMask = ["bold", "foreground_color"].into_iter().collect();
    /// assert_eq!(mask.as_str(), "bold,foreground_color");
    /// assert_eq!(mask, FieldMask::from("bold,foreground_color"));
    /// assert_eq!(mask.paths().count(), 2);
    /// ```
    FieldMask, "a field mask"
}

impl FieldMask {
    /// The paths.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.split(',').filter(|path| !path.is_empty())
    }
}

impl From<&str> for FieldMask {
    fn from(paths: &str) -> Self {
        FieldMask(paths.to_owned())
    }
}

impl From<String> for FieldMask {
    fn from(paths: String) -> Self {
        FieldMask(paths)
    }
}

impl<P: AsRef<str>> FromIterator<P> for FieldMask {
    fn from_iter<I: IntoIterator<Item = P>>(paths: I) -> Self {
        let mut mask = String::new();
        for path in paths {
            if !mask.is_empty() {
                mask.push(',');
            }
            mask.push_str(path.as_ref());
        }
        FieldMask(mask)
    }
}
