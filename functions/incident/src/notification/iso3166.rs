//! Codes of places by ISO 3166: countries, and the subdivisions of those whose subdivisions have a law of their own.

/// ISO 3166-1 alpha-2, as assigned.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK \
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM \
    JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS \
    MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM \
    US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// ISO 3166-2 of the United States.
const STATES: &str = "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC \
    ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR UM VI";

/// ISO 3166-2 of Canada.
const PROVINCES: &str = "AB BC MB NB NL NS NT NU ON PE QC SK YT";

/// Whether this is the code of a place: `DE`, `US-CA`. A subdivision of a country that is not listed is taken by its form.
pub(crate) fn is_place(code: &str) -> bool {
    let is_in = |list: &str, part: &str| list.split_ascii_whitespace().any(|known| known == part);
    let Some((country, subdivision)) = code.split_once('-') else { return is_in(COUNTRIES, code) };
    match country {
        "US" => is_in(STATES, subdivision),
        "CA" => is_in(PROVINCES, subdivision),
        _ => {
            is_in(COUNTRIES, country)
                && (1..=3).contains(&subdivision.len())
                && subdivision.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_place;

    #[test]
    fn places_are_known_by_their_codes() {
        for place in ["DE", "US-CA", "US-PR", "CA-QC", "DE-HH", "GB-ENG", "FR-75"] {
            assert!(is_place(place), "{place}");
        }
        for nowhere in ["", "ZZ", "EU", "de", "US-ZZ", "US-", "CA-CA", "DE-", "DE-HAMB", "California", "US CA"] {
            assert!(!is_place(nowhere), "{nowhere}");
        }
    }
}
