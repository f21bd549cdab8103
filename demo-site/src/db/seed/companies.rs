//! The invented companies and their people.
//!
//! Web and mail addresses are below `example.com` and its like, which belong to nobody (RFC 2606).

/// Where a company's people have their names from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Greek,
    Cyrillic,
    Japanese,
    Arabic,
}

/// A company.
#[derive(Debug, Clone, Copy)]
pub(super) struct Company {
    pub(super) name: &'static str,
    pub(super) industry: &'static str,
    pub(super) city: &'static str,
    /// The domain of its website and its addresses.
    pub(super) domain: &'static str,
    pub(super) phone: &'static str,
    pub(super) currency: &'static str,
    pub(super) script: Script,
}

/// A person: the name, and what stands before the `@`.
pub(super) type Person = (&'static str, &'static str);

macro_rules! companies {
    ($($script:ident $currency:literal: $name:literal, $industry:literal, $city:literal, $domain:literal, $phone:literal;)*) => {
        &[$(Company {
            name: $name,
            industry: $industry,
            city: $city,
            domain: $domain,
            phone: $phone,
            currency: $currency,
            script: Script::$script,
        }),*]
    };
}

pub(super) const COMPANIES: &[Company] = companies! {
    Latin "EUR": "Ångström Präzisionswerkzeuge GmbH", "Machine tools", "Tübingen, Germany", "angstroem.example.com", "+49 7071 555010";
    Latin "EUR": "Crème & Châtaigne SARL", "Food", "Besançon, France", "creme-chataigne.example.com", "+33 3 81 55 50 12";
    Latin "EUR": "Łódź Włókno S.A.", "Textiles", "Łódź, Poland", "lodz-wlokno.example.com", "+48 42 555 01 13";
    Latin "EUR": "Niñas del Río Calzados", "Textiles", "Málaga, Spain", "ninasdelrio.example.com", "+34 952 55 50 14";
    Latin "EUR": "Østerbro Køleteknik A/S", "Refrigeration", "København, Denmark", "osterbro-kol.example.com", "+45 35 55 01 15";
    Latin "EUR": "Žižkov Řezivo s.r.o.", "Timber", "Praha, Czechia", "zizkov-rezivo.example.com", "+420 222 555 016";
    Latin "EUR": "Işıldak İnşaat A.Ş.", "Construction", "İzmir, Türkiye", "isildak.example.com", "+90 232 555 01 17";
    Latin "EUR": "Tűzhegy Pincészet Kft.", "Food", "Eger, Hungary", "tuzhegy.example.com", "+36 36 555 018";
    Latin "GBP": "Harrow & Fennel Instruments", "Laboratory equipment", "Leeds, United Kingdom", "harrow-fennel.example.com", "+44 113 496 0019";
    Latin "USD": "Bluestem Prairie Logistics", "Logistics", "Omaha, Nebraska", "bluestem.example.com", "+1 402 555 0120";
    Latin "USD": "São Cipriano Embalagens Ltda.", "Packaging", "Florianópolis, Brazil", "saocipriano.example.com", "+55 48 5550 0121";
    Latin "EUR": "Þórisvatn Fiskvinnsla hf.", "Food", "Akureyri, Iceland", "thorisvatn.example.com", "+354 555 0122";
    Greek "EUR": "Ελαιώνας Μεσσηνίας Α.Ε.", "Food", "Καλαμάτα, Greece", "elaionas.example.com", "+30 27210 55523";
    Greek "EUR": "Ναυπηγεία Αιγαίου", "Shipbuilding", "Πειραιάς, Greece", "navpigeia.example.com", "+30 21 0555 0124";
    Cyrillic "EUR": "Розова Долина ООД", "Cosmetics", "Казанлък, Bulgaria", "rozova-dolina.example.com", "+359 431 55525";
    Cyrillic "EUR": "Дунавске Мреже д.о.о.", "Telecommunications", "Нови Сад, Serbia", "dunavske-mreze.example.com", "+381 21 555 026";
    Cyrillic "EUR": "Черемшина Меблі ТОВ", "Furniture", "Чернівці, Ukraine", "cheremshyna.example.com", "+380 372 555 027";
    Cyrillic "USD": "Алтай Берёза Машиностроение", "Machine tools", "Өскемен, Kazakhstan", "altai-bereza.example.com", "+7 7232 555 028";
    Japanese "JPY": "株式会社 桜木精機", "Machine tools", "松本市, Japan", "sakuragi.example.com", "+81 263 55 5029";
    Japanese "JPY": "みどり食品株式会社", "Food", "札幌市, Japan", "midori-foods.example.com", "+81 11 555 5030";
    Japanese "JPY": "ハヤブサ物流", "Logistics", "神戸市, Japan", "hayabusa.example.com", "+81 78 555 5031";
    Arabic "USD": "شركة النخلة الذهبية للتجارة", "Wholesale", "دبي, United Arab Emirates", "golden-palm.example.com", "+971 4 555 0132";
    Arabic "EUR": "نسيج الأطلس", "Textiles", "فاس, Morocco", "atlas-textile.example.com", "+212 535 555 033";
    Arabic "USD": "مختبرات البتراء", "Laboratory equipment", "عمّان, Jordan", "petra-labs.example.com", "+962 6 555 0134";
};

/// The people of companies of a script.
pub(super) fn people(script: Script) -> &'static [Person] {
    match script {
        Script::Latin => &[
            ("Zoë Lefèvre", "zoe.lefevre"),
            ("Jürgen Groß", "juergen.gross"),
            ("Siân O’Connor", "sian.oconnor"),
            ("Mikołaj Święcicki", "mikolaj.swiecicki"),
            ("Inés Muñoz", "ines.munoz"),
            ("Åse Bjørnstad", "ase.bjornstad"),
            ("Çağla Yıldız", "cagla.yildiz"),
            ("Ondřej Dvořák", "ondrej.dvorak"),
            ("Tomás Gonçalves", "tomas.goncalves"),
            ("Ruth Bell", "ruth.bell"),
        ],
        Script::Greek => &[
            ("Ελένη Παπαδάκη", "eleni.papadaki"),
            ("Γιώργος Αλεξίου", "giorgos.alexiou"),
            ("Σοφία Καραγιάννη", "sofia.karagianni"),
            ("Νίκος Θεοδώρου", "nikos.theodorou"),
        ],
        Script::Cyrillic => &[
            ("Мария Иванова", "maria.ivanova"),
            ("Јелена Јовановић", "jelena.jovanovic"),
            ("Олесь Шевчук", "oles.shevchuk"),
            ("Нұрлан Ахметов", "nurlan.akhmetov"),
            ("Пётр Щукин", "petr.shchukin"),
        ],
        Script::Japanese => &[
            ("佐藤 美咲", "misaki.sato"),
            ("田中 健一", "kenichi.tanaka"),
            ("高橋 さくら", "sakura.takahashi"),
            ("渡辺 大輔", "daisuke.watanabe"),
        ],
        Script::Arabic => &[
            ("ليلى حدّاد", "layla.haddad"),
            ("عمر بن يوسف", "omar.benyoussef"),
            ("نورة المنصوري", "noura.almansoori"),
            ("سامر خليل", "samer.khalil"),
        ],
    }
}
