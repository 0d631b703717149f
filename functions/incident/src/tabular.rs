//! CSV (RFC 4180) that a spreadsheet takes for text and nothing else.

/// A line of fields, with its end.
pub fn line(fields: &[&str]) -> String {
    let fields: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
    format!("{}\r\n", fields.join(","))
}

/// A field in quotes. A spreadsheet takes what begins with one of these for a formula, so an apostrophe stands before it
/// (OWASP, CSV Injection).
pub fn quoted(field: &str) -> String {
    let is_formula = field.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let guard = if is_formula || field.starts_with(['\t', '\r', '\n']) { "'" } else { "" };
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
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
        assert_eq!(line(&["a", "", "@b"]), "\"a\",\"\",\"'@b\"\r\n");
    }
}
