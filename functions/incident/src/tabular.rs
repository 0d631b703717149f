//! CSV (RFC 4180) that a spreadsheet takes for text and nothing else.

/// A line of fields, with its end.
pub fn line(fields: &[&str]) -> String {
    let fields: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
    format!("{}\r\n", fields.join(","))
}

/// What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection).
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// A field in quotes. An apostrophe stands before what a spreadsheet would take for a formula: at the beginning, and wherever a cell
/// begins for one that is set to semicolons or tabs, which ends cells and lines there although they are in quotes.
pub fn quoted(field: &str) -> String {
    let is_formula = field.trim_start().starts_with(FORMULA);
    let mut out = String::from(if is_formula || field.starts_with(['\t', '\r', '\n']) { "\"'" } else { "\"" });
    // What stands first is seen to.
    let mut begins = false;
    for letter in field.chars() {
        if begins && FORMULA.contains(&letter) {
            out.push('\'');
        }
        begins = matches!(letter, ';' | '\t' | '\r' | '\n') || (begins && (letter.is_whitespace() || letter == '"'));
        if letter == '"' {
            out.push('"');
        }
        out.push(letter);
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_it_is_a_formula_or_ends_its_field() {
        assert_eq!(quoted("=HYPERLINK(\"http://x.example\")"), "\"'=HYPERLINK(\"\"http://x.example\"\")\"");
        assert_eq!(quoted(" +1"), "\"' +1\"");
        assert_eq!(quoted("\tx"), "\"'\tx\"");
        assert_eq!(quoted("Müller, Anna"), "\"Müller, Anna\"");
        assert_eq!(quoted("read;=1+1"), "\"read;'=1+1\"");
        assert_eq!(quoted("read; \"@x\tor\n-2"), "\"read; \"\"'@x\tor\n'-2\"");
        assert_eq!(quoted("a-b; c=d"), "\"a-b; c=d\"");
        assert_eq!(line(&["a", "", "@b"]), "\"a\",\"\",\"'@b\"\r\n");
    }
}
