//! A table whose columns go, the least needed first, where there is no room for all.

use super::Phrase;
use crate::console::theme::Meaning;
use crate::console::words::Clean;

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its head.
    pub head: &'static str,
    /// Its columns on the screen, the blank after it among them.
    pub width: usize,
    /// How much it is needed: the smallest goes first.
    pub keep: u8,
}

/// A column of a table.
pub const fn column(head: &'static str, width: usize, keep: u8) -> Column {
    Column { head, width, keep }
}

/// Which columns fit, in their order; the first always does.
pub fn fitting(columns: &[Column], width: usize) -> Vec<usize> {
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    while shown.len() > 1 && shown.iter().map(|at| columns[*at].width).sum::<usize>() > width {
        let least = shown.iter().enumerate().skip(1).min_by_key(|(_, at)| columns[**at].keep);
        let Some((place, _)) = least else { break };
        shown.remove(place);
    }
    shown
}

/// The line of heads.
pub fn head(columns: &[Column], shown: &[usize]) -> Phrase {
    shown.iter().fold(Phrase::new(), |line, at| {
        let column = columns[*at];
        line.say(Meaning::Muted, Clean::from(column.head).left(column.width))
    })
}

/// A line of cells, of which there is one a column.
pub fn line(columns: &[Column], shown: &[usize], cells: &[Phrase]) -> Phrase {
    shown.iter().fold(Phrase::new(), |line, at| match cells.get(*at) {
        Some(cell) => line.then(cell.clone().cell(columns[*at].width)),
        None => line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_least_needed_goes_first_and_the_first_column_never() {
        let columns = [column("node", 10, 0), column("role", 8, 2), column("memory", 8, 9), column("cpu", 6, 5)];
        for (width, shown) in
            [(32, &[0, 1, 2, 3][..]), (31, &[0, 2, 3]), (24, &[0, 2, 3]), (23, &[0, 2]), (17, &[0]), (0, &[0])]
        {
            assert_eq!(fitting(&columns, width), shown, "{width}");
        }
        assert_eq!(head(&columns, &[0, 2]).text(), "node      memory  ");
        let cell = |words: &'static str| Phrase::new().say(Meaning::Text, words);
        let cells = [cell("a"), cell("b"), cell("much too long"), cell("d")];
        assert_eq!(line(&columns, &[0, 2], &cells).text(), "a         much t… ");
    }
}
