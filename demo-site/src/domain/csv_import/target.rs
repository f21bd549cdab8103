//! Where the cells of a column go, and the names columns have in the files people bring.

use serde::{Deserialize, Serialize};
use toolcrib::adapter::fold;

/// Where the cells of a column go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The code the client is known by.
    Account,
    /// Its name.
    Name,
    /// Its line of business.
    Industry,
    /// Where it sits.
    City,
    /// Its website.
    Website,
    /// Its phone number.
    Phone,
    /// Its e-mail address.
    Email,
    /// The notes, as they are.
    Notes,
    /// A line of the notes, with the header in front.
    NoteLine,
    /// Nowhere.
    Ignore,
}

use Target::{Account, City, Email, Ignore, Industry, Name, NoteLine, Notes, Phone, Website};

impl Target {
    /// All there are, in the order they are offered.
    pub const ALL: [Self; 10] = [Account, Name, Industry, City, Website, Phone, Email, Notes, NoteLine, Ignore];

    /// The one with a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.name() == name)
    }

    /// Its name as stored and sent by forms.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Account => "account",
            Name => "name",
            Industry => "industry",
            City => "city",
            Website => "website",
            Phone => "phone",
            Email => "email",
            Notes => "notes",
            NoteLine => "note_line",
            Ignore => "ignore",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Account => "Account",
            Name => "Name",
            Industry => "Industry",
            City => "City",
            Website => "Website",
            Phone => "Phone",
            Email => "E-mail",
            Notes => "Notes, as they are",
            NoteLine => "Notes, with the heading",
            Ignore => "Leave out",
        }
    }

    /// Whether several columns may go there.
    #[must_use]
    pub fn takes_many(self) -> bool {
        matches!(self, NoteLine | Ignore)
    }

    /// What the name of a column says, whatever its case; a line of the notes where it says nothing known.
    pub(super) fn of_header(name: &str) -> Self {
        let wanted = plain(name);
        let known = KNOWN.iter().find(|(_, names)| names.split('|').any(|known| plain(known) == wanted));
        known.map_or(NoteLine, |(target, _)| *target)
    }

    /// What the cells of a column say, where nearly all agree. Accounts, names and places look like any
    /// other words: they are not guessed.
    pub(super) fn of_cells<'a>(cells: impl Iterator<Item = &'a str>) -> Option<Self> {
        let (mut filled, mut emails, mut websites, mut phones) = (0_usize, 0_usize, 0_usize, 0_usize);
        for cell in cells.map(str::trim).filter(|cell| !cell.is_empty()) {
            filled += 1;
            emails += usize::from(is_email(cell));
            websites += usize::from(is_website(cell));
            phones += usize::from(is_phone(cell));
        }
        let nearly_all = |count: usize| filled > 0 && count * 10 >= filled * 9;
        [(Email, emails), (Website, websites), (Phone, phones)]
            .into_iter()
            .find(|(_, count)| nearly_all(*count))
            .map(|(target, _)| target)
    }
}

/// A name as names are compared: folded, with single spaces for all that is no letter and no digit.
fn plain(name: &str) -> String {
    let folded = fold(name);
    let words = folded.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

fn is_email(cell: &str) -> bool {
    let Some((name, host)) = cell.split_once('@') else { return false };
    !name.is_empty() && host.contains('.') && !cell.contains(char::is_whitespace)
}

fn is_website(cell: &str) -> bool {
    let cell = cell.to_ascii_lowercase();
    ["http://", "https://", "www."].iter().any(|start| cell.starts_with(start))
}

/// Numbers of all kinds have digits and dashes; only phone numbers begin like this.
fn is_phone(cell: &str) -> bool {
    let begins = cell.starts_with('+') || cell.starts_with('(') || cell.starts_with("00");
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    begins && (6..=20).contains(&digits) && !cell.chars().any(char::is_alphabetic)
}

/// The names of columns, by what they mean. A name in two lists would mean the first.
const KNOWN: [(Target, &str); 8] = [
    (
        Account,
        "account|symbol|ticker|account no|account number|account id|account code|customer no|customer number|\
         customer id|customer code|client no|client number|client id|client code|kundennummer|kunden nr|kundennr|\
         kunde nr|konto|kontonummer|debitor|debitorennummer|numéro client|numéro de client|n client|code client|\
         compte|número de cliente|código de cliente|código cliente|cuenta|codice cliente|numero cliente|conto|\
         klantnummer|klantnr|kundnummer|kundenummer|kundenr|asiakasnumero|numer klienta|kod klienta|\
         číslo zákazníka|kód zákazníka|顧客番号|顧客コード|客户编号|客戶編號|고객번호|номер клиента|код клиента|код",
    ),
    (
        Name,
        "name|security|company|company name|account name|customer|customer name|client|client name|organisation|\
         organization|business name|firma|firmenname|firmenbezeichnung|unternehmen|kunde|kundenname|nom|société|\
         entreprise|raison sociale|nom du client|nombre|empresa|razón social|cliente|nome|azienda|società|\
         ragione sociale|bedrijf|bedrijfsnaam|naam|klant|klantnaam|företag|namn|kund|firmanavn|navn|virksomhed|\
         yritys|nimi|nazwa|nazwa firmy|název|název firmy|společnost|会社名|社名|顧客名|公司|公司名称|公司名稱|名称|名稱|\
         회사명|название|название компании|компания|организация|наименование|имя",
    ),
    (
        Industry,
        "industry|sector|gics sector|line of business|branche|industrie|wirtschaftszweig|secteur|secteur d activité|\
         settore|industria|bransch|toimiala|branża|odvětví|業種|行业|行業|업종|отрасль",
    ),
    (
        City,
        "city|location|headquarters location|headquarters|town|ort|stadt|sitz|firmensitz|ville|localité|commune|\
         ciudad|localidad|población|città|comune|plaats|woonplaats|kaupunki|miasto|miejscowość|město|by|市区町村|\
         都市|所在地|城市|도시|город",
    ),
    (
        Website,
        "website|url|web|web site|homepage|home page|internet|webseite|www|site web|site internet|sitio web|\
         página web|sito web|sito|webbplats|hemsida|hjemmeside|kotisivu|strona www|strona internetowa|\
         webové stránky|ウェブサイト|网站|网址|網站|웹사이트|сайт",
    ),
    (
        Phone,
        "phone|telephone|phone number|telephone number|phone no|tel|telefon|telefonnummer|telefonnr|rufnummer|\
         téléphone|tél|numéro de téléphone|teléfono|telefono|telefoon|telefoonnummer|puhelin|puhelinnumero|\
         電話|電話番号|电话|電話號碼|전화번호|телефон",
    ),
    (
        Email,
        "email|e mail|mail|email address|e mail address|e mail adresse|mailadresse|emailadresse|courriel|\
         adresse e mail|adresse mail|adresse électronique|correo|correo electrónico|posta elettronica|indirizzo email|\
         e mailadres|emailadres|e post|epost|e postadress|sähköposti|メール|メールアドレス|邮箱|电子邮件|電子郵件|이메일|\
         почта|электронная почта|эл почта",
    ),
    (
        Notes,
        "notes|notizen|bemerkungen|anmerkungen|remarques|observaciones|osservazioni|opmerkingen|備考|备注|примечания",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_known_by_its_name_in_several_languages() {
        let cases = [
            ("GICS Sector", Industry),
            ("  E-Mail-Adresse: ", Email),
            ("KUNDEN-NR.", Account),
            ("Raison sociale", Name),
            ("Téléphone", Phone),
            ("Página web", Website),
            ("会社名", Name),
            ("Город", City),
            ("Notes", Notes),
            ("Remark", NoteLine),
            ("GICS Sub-Industry", NoteLine),
            ("", NoteLine),
        ];
        for (name, expected) in cases {
            assert_eq!(Target::of_header(name), expected, "{name}");
        }
    }

    #[test]
    fn no_name_means_two_things() {
        let mut seen = std::collections::HashMap::new();
        for (target, names) in KNOWN {
            for name in names.split('|') {
                assert!(!plain(name).is_empty(), "{name:?}");
                let former = seen.insert(plain(name), target);
                assert!(former.is_none_or(|former| former == target), "{name}");
            }
        }
    }

    #[test]
    fn a_column_is_known_by_what_nearly_all_its_cells_are() {
        let of = |cells: &[&str]| Target::of_cells(cells.iter().copied());
        assert_eq!(of(&["a@b.example", "", "c@d.example"]), Some(Email));
        assert_eq!(of(&["https://a.example", "www.b.example"]), Some(Website));
        assert_eq!(of(&["+49 221 12345", "(030) 123-456"]), Some(Phone));
        assert_eq!(of(&["1957-03-04", "2013 (1888)", "66740"]), None, "days, years and numbers are no phones");
        assert_eq!(of(&["a@b.example", "none", "none"]), None);
        assert_eq!(of(&["", " "]), None);
    }

    #[test]
    fn every_target_can_be_named_and_stored() {
        for target in Target::ALL {
            assert_eq!(Target::of_name(target.name()), Some(target));
            assert_eq!(serde_json::to_string(&target).unwrap(), format!("{:?}", target.name()));
        }
    }
}
