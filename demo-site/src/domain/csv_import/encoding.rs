//! How the bytes of a file become text.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    BIG5, EUC_KR, GB18030, ISO_8859_2, ISO_8859_5, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1250, WINDOWS_1251,
    WINDOWS_1252, WINDOWS_1253, WINDOWS_1254,
};

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
const UTF16LE_MARK: &[u8] = b"\xff\xfe";
const UTF16BE_MARK: &[u8] = b"\xfe\xff";

/// How much of a file the guess looks at; more does not make it better.
const LOOKED_AT: usize = 1 << 20;

/// The encodings a person may choose from, the likely ones first: name for machines, name for people.
const OFFERED: [(&encoding_rs::Encoding, &str); 14] = [
    (UTF_8, "UTF-8"),
    (WINDOWS_1252, "Western (Windows 1252)"),
    (UTF_16LE, "UTF-16 little endian"),
    (UTF_16BE, "UTF-16 big endian"),
    (WINDOWS_1250, "Central Europe (Windows)"),
    (WINDOWS_1251, "Cyrillic (Windows 1251)"),
    (WINDOWS_1253, "Greek (Windows 1253)"),
    (WINDOWS_1254, "Turkish (Windows 1254)"),
    (ISO_8859_2, "Central Europe (ISO)"),
    (ISO_8859_5, "Cyrillic (ISO 8859-5)"),
    (SHIFT_JIS, "Japanese (Shift JIS)"),
    (GB18030, "Chinese (GB 18030)"),
    (BIG5, "Chinese (Big5)"),
    (EUC_KR, "Korean (EUC-KR)"),
];

/// What a file's bytes are read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// UTF-8.
    pub const UTF_8: Self = Self(UTF_8);
    /// What spreadsheets on Windows write in Western Europe.
    pub const WINDOWS_1252: Self = Self(WINDOWS_1252);

    /// Those a person may choose from.
    pub fn offered() -> impl Iterator<Item = Self> {
        OFFERED.iter().map(|(encoding, _)| Self(encoding))
    }

    /// The one with a name, if it is offered.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::offered().find(|encoding| encoding.name() == name)
    }

    /// Its name as stored and sent by forms.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Its name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        OFFERED.iter().find(|(encoding, _)| *encoding == self.0).map_or(self.0.name(), |(_, label)| label)
    }

    /// What a file is most likely written in: as its mark says; UTF-8 where it is sound UTF-8; else
    /// by which letters are frequent.
    #[must_use]
    pub fn detect(bytes: &[u8]) -> Self {
        if bytes.starts_with(UTF16LE_MARK) {
            return Self(UTF_16LE);
        }
        if bytes.starts_with(UTF16BE_MARK) {
            return Self(UTF_16BE);
        }
        if bytes.starts_with(UTF8_MARK) || std::str::from_utf8(bytes).is_ok() {
            return Self::UTF_8;
        }
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(bytes.get(..LOOKED_AT).unwrap_or(bytes), true);
        let guess = Self(detector.guess(None, Utf8Detection::Deny));
        // GBK is what the guess calls the part of GB 18030 it can tell.
        let guess = if guess.name() == "GBK" { Self(GB18030) } else { guess };
        Self::of_name(guess.name()).unwrap_or(Self::WINDOWS_1252)
    }

    /// The file as UTF-8. Bytes that are no UTF-8 are left as they are in a file that says it is: its
    /// rows are refused one by one. What another encoding cannot read becomes a replacement character.
    pub(super) fn decode(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        if self.0 == UTF_8 {
            return Cow::Borrowed(bytes.strip_prefix(UTF8_MARK).unwrap_or(bytes));
        }
        match self.0.decode_with_bom_removal(bytes).0 {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_found_by_its_mark_its_soundness_or_its_letters() {
        let western = "Konto;Name;Ort\r\nK1;Müller & Söhne;Köln\r\nK2;Señor Ibáñez;Málaga\r\n";
        let cases: [(Vec<u8>, &str); 6] = [
            (b"\xff\xfeA\0".to_vec(), "UTF-16LE"),
            (b"\xfe\xff\0A".to_vec(), "UTF-16BE"),
            (b"\xef\xbb\xbfA".to_vec(), "UTF-8"),
            (western.as_bytes().to_vec(), "UTF-8"),
            (WINDOWS_1252.encode(western).0.into_owned(), "windows-1252"),
            (WINDOWS_1251.encode("Код;Название;Город\nА1;Рога и копыта;Москва\n").0.into_owned(), "windows-1251"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Encoding::detect(&bytes).name(), expected, "{bytes:?}");
        }
    }

    #[test]
    fn every_encoding_that_is_offered_can_be_named_and_told_apart() {
        for encoding in Encoding::offered() {
            assert_eq!(Encoding::of_name(encoding.name()), Some(encoding));
            assert_ne!(encoding.label(), "");
        }
        assert_eq!(Encoding::of_name("replacement"), None);
        assert_eq!(Encoding::of_name("utf-8"), None, "names are exact: what is stored is what was offered");
    }

    #[test]
    fn text_is_the_same_whatever_it_was_written_in() {
        let text = "Müller, Köln";
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [UTF16LE_MARK, &utf16].concat();
        assert_eq!(Encoding(UTF_16LE).decode(&marked), text.as_bytes());
        assert_eq!(Encoding(WINDOWS_1252).decode(b"M\xfcller, K\xf6ln"), text.as_bytes());
        assert_eq!(Encoding::UTF_8.decode(&[UTF8_MARK, text.as_bytes()].concat()), text.as_bytes());
        assert_eq!(Encoding::UTF_8.decode(b"M\xfcller").as_ref(), b"M\xfcller", "left for its row to be refused");
    }
}
