//! The table of measurements: ours, the peer's, the ratio, the target, and whether it is met.

use std::fmt;

/// One comparison.
pub(super) struct Row {
    /// What was measured.
    pub(super) what: String,
    pub(super) unit: &'static str,
    pub(super) ours: f64,
    /// The peer, and its measurement or why there is none.
    pub(super) peer: Option<(String, Result<f64, String>)>,
    pub(super) target: Target,
}

/// The target of a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    /// At most this fraction of the peer's: one divided by the number.
    Share(f64),
    /// At most the peer's, multiplied by this number.
    Times(f64),
    /// At most this value.
    Most(f64),
    /// There is no target.
    None,
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        let (_, peer) = self.peer.as_ref()?;
        peer.as_ref().ok().filter(|_| self.ours > 0.0).map(|peer| peer / self.ours)
    }

    /// `None` if there is nothing to compare with.
    fn is_met(&self) -> Option<bool> {
        match self.target {
            Target::Share(share) => self.ratio().map(|ratio| ratio >= share),
            Target::Times(times) => self.ratio().map(|ratio| ratio * times >= 1.0),
            Target::Most(most) => Some(self.ours <= most),
            Target::None => None,
        }
    }

    fn cells(&self) -> [String; 7] {
        let value = |value: f64| format!("{value:.1} {}", self.unit);
        let (peer, theirs) = match &self.peer {
            None => (String::new(), String::new()),
            Some((name, Ok(theirs))) => (name.clone(), value(*theirs)),
            Some((name, Err(_))) => (name.clone(), "not measured".to_owned()),
        };
        let target = match self.target {
            Target::Share(share) => format!("≤ 1/{share}"),
            Target::Times(times) => format!("≤ {times}"),
            Target::Most(most) => format!("≤ {most} {}", self.unit),
            Target::None => String::new(),
        };
        let met = match self.is_met() {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        let ratio = self.ratio().map_or(String::new(), |ratio| match self.target {
            Target::Times(_) => format!("{:.2}", 1.0 / ratio),
            _ => format!("1/{ratio:.1}"),
        });
        [self.what.clone(), value(self.ours), peer, theirs, ratio, target, met.to_owned()]
    }
}

/// All rows.
#[derive(Default)]
pub(super) struct Report(Vec<Row>);

impl Report {
    pub(super) fn push(&mut self, row: Row) {
        self.0.push(row);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all targets are met.
    pub(super) fn is_met(&self) -> bool {
        self.0.iter().all(|row| row.is_met() != Some(false))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["what", "ours", "peer", "peer's", "ratio", "target", "met"].map(str::to_owned);
        let rows: Vec<_> = std::iter::once(head).chain(self.0.iter().map(Row::cells)).collect();
        write_table(f, &rows)?;
        for row in &self.0 {
            if let Some((name, Err(why))) = &row.peer {
                writeln!(f, "{}: {name} was not measured: {}", row.what, why.trim())?;
            }
        }
        Ok(())
    }
}

/// Writes rows as a Markdown table; the first row is the header.
pub(super) fn write_table<const N: usize>(f: &mut impl fmt::Write, rows: &[[String; N]]) -> fmt::Result {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for (place, row) in rows.iter().enumerate() {
        for (cell, width) in row.iter().zip(widths) {
            write!(f, "| {cell:<width$} ")?;
        }
        writeln!(f, "|")?;
        if place == 0 {
            widths.iter().try_for_each(|width| write!(f, "|{}", "-".repeat(width + 2)))?;
            writeln!(f, "|")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ours: f64, peer: Result<f64, String>, target: Target) -> Row {
        Row { what: "x".to_owned(), unit: "s", ours, peer: Some(("them".to_owned(), peer)), target }
    }

    #[test]
    fn targets() {
        assert_eq!(row(1.0, Ok(4.0), Target::Share(4.0)).is_met(), Some(true));
        assert_eq!(row(1.1, Ok(4.0), Target::Share(4.0)).is_met(), Some(false));
        assert_eq!(row(1.1, Err("no compiler".to_owned()), Target::Share(4.0)).is_met(), None);
        assert_eq!(row(2.9, Err(String::new()), Target::Most(3.0)).is_met(), Some(true));
    }

    #[test]
    fn prints_ratios_and_what_failed() {
        let mut report = Report::default();
        report.push(row(2.0, Ok(9.0), Target::Share(4.0)));
        report.push(row(2.0, Err("no compiler\n".to_owned()), Target::None));
        let text = report.to_string();
        assert!(text.contains("| x    | 2.0 s | them | 9.0 s        | 1/4.5 | ≤ 1/4  | yes |"), "{text}");
        assert!(text.ends_with("x: them was not measured: no compiler\n"), "{text}");
        assert!(report.is_met());
    }
}
