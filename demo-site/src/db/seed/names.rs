//! What invented names are made of, in several scripts. Beside a name stands how it is written in addresses.

/// A word, and how it is written in an address.
pub(super) type Word = (&'static str, &'static str);

/// What names of a script are made of.
#[derive(Debug)]
pub(super) struct Tongue {
    pub(super) given: &'static [Word],
    pub(super) family: &'static [Word],
    /// The family's name comes first.
    pub(super) family_first: bool,
    /// What companies' names begin and go on with.
    pub(super) heads: &'static [Word],
    pub(super) seconds: &'static [Word],
    /// What they make.
    pub(super) trades: &'static [&'static str],
    pub(super) forms: &'static [&'static str],
    /// The legal form comes first.
    pub(super) form_first: bool,
    /// Whether words are written apart.
    pub(super) spaced: bool,
    /// A city, its currency, and how a phone number there begins.
    pub(super) cities: &'static [(&'static str, &'static str, &'static str)],
}

/// The industries of all clients, whatever their language.
#[rustfmt::skip]
pub(super) const INDUSTRIES: &[&str] = &[
    "Machine tools", "Food", "Textiles", "Refrigeration", "Timber", "Construction", "Laboratory equipment", "Logistics",
    "Packaging", "Shipbuilding", "Cosmetics", "Telecommunications", "Furniture", "Wholesale", "Energy", "Printing",
];

#[rustfmt::skip]
pub(super) const LATIN: Tongue = Tongue {
    given: &[
        ("Zoë", "zoe"), ("Jürgen", "juergen"), ("Siân", "sian"), ("Mikołaj", "mikolaj"), ("Inés", "ines"), ("Åse", "ase"),
        ("Çağla", "cagla"), ("Ondřej", "ondrej"), ("Tomás", "tomas"), ("Ruth", "ruth"), ("Márta", "marta"), ("Søren", "soren"),
        ("Hélène", "helene"), ("Łucja", "lucja"), ("Björn", "bjorn"), ("Chiara", "chiara"), ("Nuria", "nuria"), ("Owen", "owen"),
        ("Ingrid", "ingrid"), ("Đorđe", "dorde"), ("Guðrún", "gudrun"), ("Amélie", "amelie"), ("Štefan", "stefan"), ("Grace", "grace"),
    ],
    family: &[
        ("Lefèvre", "lefevre"), ("Groß", "gross"), ("O’Connor", "oconnor"), ("Święcicki", "swiecicki"), ("Muñoz", "munoz"),
        ("Bjørnstad", "bjornstad"), ("Yıldız", "yildiz"), ("Dvořák", "dvorak"), ("Gonçalves", "goncalves"), ("Bell", "bell"),
        ("Kővári", "kovari"), ("Kjær", "kjaer"), ("Rossi", "rossi"), ("Zimmermann", "zimmermann"), ("Ångström", "angstrom"),
        ("Nováková", "novakova"), ("Þórsson", "thorsson"), ("Peña", "pena"), ("Schäfer", "schaefer"), ("MacLeod", "macleod"),
        ("Janković", "jankovic"), ("Lüthi", "luethi"), ("Virtanen", "virtanen"), ("Ferreira", "ferreira"),
    ],
    family_first: false,
    heads: &[
        ("Aalto", "aalto"), ("Ærø", "aero"), ("Alder", "alder"), ("Bärental", "baerental"), ("Bělá", "bela"), ("Birch", "birch"),
        ("Bläsi", "blaesi"), ("Brök", "broek"), ("Casañas", "casanas"), ("Châtel", "chatel"), ("Corvo", "corvo"), ("Dąbrowa", "dabrowa"),
        ("Düne", "duene"), ("Ebro", "ebro"), ("Élan", "elan"), ("Fjord", "fjord"), ("Gärtner", "gaertner"), ("Gávea", "gavea"),
        ("Größer", "groesser"), ("Hazel", "hazel"), ("Hővár", "hovar"), ("Íris", "iris"), ("Jökull", "jokull"), ("Kestrel", "kestrel"),
        ("Kraków", "krakow"), ("Lärche", "laerche"), ("Łęk", "lek"), ("Lindö", "lindo"), ("Málaga", "malaga"), ("Møller", "moller"),
        ("Nîmes", "nimes"), ("Norrköping", "norrkoping"), ("Öland", "oland"), ("Oxbow", "oxbow"), ("Pálma", "palma"), ("Quarry", "quarry"),
        ("Räuber", "raeuber"), ("Rook", "rook"), ("São Bento", "saobento"), ("Şirin", "sirin"), ("Škoda Les", "skodales"), ("Tärn", "tarn"),
        ("Tejo", "tejo"), ("Ümit", "umit"), ("Västra", "vastra"), ("Wharf", "wharf"), ("Žatec", "zatec"), ("Zürisee", "zuerisee"),
    ],
    seconds: &[
        ("North", "north"), ("Süd", "sued"), ("Est", "est"), ("Vest", "vest"), ("Delta", "delta"), ("Prisma", "prisma"), ("Orion", "orion"),
        ("Atlas", "atlas"), ("Vega", "vega"), ("Linden", "linden"), ("Ribeira", "ribeira"), ("Montañés", "montanes"), ("Bruk", "bruk"),
        ("Hütte", "huette"), ("Molen", "molen"), ("Bay", "bay"), ("Cap", "cap"), ("Rivière", "riviere"), ("Sund", "sund"), ("Tarn", "tarn2"),
        ("Ufer", "ufer"), ("Vale", "vale"), ("Zenit", "zenit"), ("Bridge", "bridge"), ("Forge", "forge"), ("Glen", "glen"), ("Haven", "haven"),
        ("Insel", "insel"), ("Jura", "jura"), ("Kante", "kante"), ("Lago", "lago"), ("Mesa", "mesa"), ("Nova", "nova"), ("Ostra", "ostra"),
        ("Pont", "pont"), ("Quelle", "quelle"), ("Ria", "ria"), ("Stern", "stern"), ("Torre", "torre"), ("Umber", "umber"), ("Vigo", "vigo"),
        ("Wald", "wald"), ("Ystad", "ystad"), ("Zelena", "zelena"), ("Ambre", "ambre"), ("Basalt", "basalt"), ("Cobalt", "cobalt"), ("Dune", "dune"),
    ],
    trades: &[
        "Instruments", "Logistics", "Textiles", "Foods", "Packaging", "Timber", "Tools", "Cooling", "Printing", "Energy", "Furniture",
        "Marine", "Optics", "Bakery", "Ceramics", "Glass", "Paper", "Pumps", "Cables", "Seeds", "Vineyards", "Valves", "Motors", "Labs",
    ],
    forms: &["GmbH", "AG", "SARL", "S.A.", "Ltd", "Inc", "AB", "Oy", "A/S", "s.r.o.", "Kft.", "Ltda."],
    form_first: false,
    spaced: true,
    cities: &[
        ("Tübingen, Germany", "EUR", "+49 7071 555"), ("Besançon, France", "EUR", "+33 3 8155"), ("Łódź, Poland", "PLN", "+48 42 555"),
        ("Málaga, Spain", "EUR", "+34 952 55"), ("Malmö, Sweden", "SEK", "+46 40 555"), ("Plzeň, Czechia", "CZK", "+420 377 55"),
        ("Zürich, Switzerland", "CHF", "+41 44 555"), ("Leeds, United Kingdom", "GBP", "+44 113 496"), ("Omaha, Nebraska", "USD", "+1 402 555"),
        ("Coimbra, Portugal", "EUR", "+351 239 555"), ("Århus, Denmark", "EUR", "+45 86 55"), ("Győr, Hungary", "EUR", "+36 96 555"),
    ],
};

#[rustfmt::skip]
pub(super) const CYRILLIC: Tongue = Tongue {
    given: &[
        ("Мария", "maria"), ("Јелена", "jelena"), ("Олесь", "oles"), ("Нұрлан", "nurlan"), ("Пётр", "petr"), ("Ганна", "hanna"),
        ("Алёна", "alyona"), ("Стоян", "stoyan"),
    ],
    family: &[
        ("Иванова", "ivanova"), ("Јовановић", "jovanovic"), ("Шевчук", "shevchuk"), ("Ахметов", "akhmetov"), ("Щукин", "shchukin"),
        ("Королёв", "korolyov"), ("Димитрова", "dimitrova"), ("Ткаченко", "tkachenko"),
    ],
    family_first: false,
    heads: &[
        ("Берёза", "bereza"), ("Дунав", "dunav"), ("Роза", "roza"), ("Алтай", "altai"), ("Карпати", "karpaty"), ("Волга", "volga"),
        ("Сокол", "sokol"), ("Янтарь", "yantar"), ("Зоря", "zorya"), ("Липа", "lipa"), ("Клён", "klen"), ("Морава", "morava"),
        ("Полёт", "polet"), ("Радуга", "raduga"), ("Степ", "step"), ("Тополь", "topol"), ("Урал", "ural"), ("Ясен", "yasen"),
    ],
    seconds: &[
        ("Север", "sever"), ("Юг", "yug"), ("Восток", "vostok"), ("Запад", "zapad"), ("Мост", "most"), ("Брег", "breg"), ("Долина", "dolina"),
        ("Горы", "gory"), ("Поле", "pole"), ("Ветер", "veter"), ("Камінь", "kamin"), ("Річка", "richka"), ("Острво", "ostrvo"),
        ("Планина", "planina"), ("Озеро", "ozero"), ("Лес", "les"), ("Сад", "sad"), ("Пристань", "pristan"),
    ],
    trades: &[
        "Меблі", "Машиностроение", "Текстиль", "Логистика", "Мреже", "Хлеб", "Прибори", "Кабел", "Стекло", "Насосы", "Упаковка",
        "Энергия", "Дерево", "Печать", "Керамика", "Оптика",
    ],
    forms: &["ООД", "д.о.о.", "ТОВ", "ООО"],
    form_first: false,
    spaced: true,
    cities: &[
        ("Казанлък, Bulgaria", "EUR", "+359 431 55"), ("Нови Сад, Serbia", "EUR", "+381 21 55"), ("Чернівці, Ukraine", "EUR", "+380 372 55"),
        ("Өскемен, Kazakhstan", "USD", "+7 7232 55"),
    ],
};

#[rustfmt::skip]
pub(super) const GREEK: Tongue = Tongue {
    given: &[("Ελένη", "eleni"), ("Γιώργος", "giorgos"), ("Σοφία", "sofia"), ("Νίκος", "nikos"), ("Αθηνά", "athina"), ("Ηλίας", "ilias")],
    family: &[
        ("Παπαδάκη", "papadaki"), ("Αλεξίου", "alexiou"), ("Καραγιάννη", "karagianni"), ("Θεοδώρου", "theodorou"), ("Ρήγας", "rigas"),
        ("Μαυρίδης", "mavridis"),
    ],
    family_first: false,
    heads: &[
        ("Αιγαίο", "aigaio"), ("Ιόνιο", "ionio"), ("Όλυμπος", "olympos"), ("Ελαία", "elaia"), ("Κύμα", "kyma"), ("Φάρος", "faros"),
        ("Ήλιος", "ilios"), ("Δελφίνι", "delfini"), ("Μύλος", "mylos"), ("Πέτρα", "petra"), ("Αστήρ", "astir"), ("Θάλασσα", "thalassa"),
        ("Άμπελος", "ampelos"), ("Κρήνη", "krini"), ("Ρόδον", "rodon"), ("Ωκεανός", "okeanos"),
    ],
    seconds: &[
        ("Βορράς", "vorras"), ("Νότος", "notos"), ("Ανατολή", "anatoli"), ("Δύση", "dysi"), ("Κόλπος", "kolpos"), ("Νησί", "nisi"),
        ("Λιμάνι", "limani"), ("Βουνό", "vouno"), ("Πύργος", "pyrgos"), ("Κήπος", "kipos"), ("Δάσος", "dasos"), ("Ακτή", "akti"),
        ("Γέφυρα", "gefyra"), ("Πηγή", "pigi"), ("Χωριό", "chorio"), ("Άνεμος", "anemos"),
    ],
    trades: &[
        "Ναυπηγεία", "Τρόφιμα", "Υφάσματα", "Μεταφορές", "Εργαλεία", "Έπιπλα", "Ενέργεια", "Χαρτί", "Γυαλί", "Κεραμικά", "Ξυλεία",
        "Οπτικά", "Κρασιά", "Εκτυπώσεις",
    ],
    forms: &["Α.Ε.", "Ε.Π.Ε.", "Ο.Ε."],
    form_first: false,
    spaced: true,
    cities: &[("Καλαμάτα, Greece", "EUR", "+30 27210 5"), ("Πειραιάς, Greece", "EUR", "+30 21 055"), ("Βόλος, Greece", "EUR", "+30 24210 5")],
};

#[rustfmt::skip]
pub(super) const JAPANESE: Tongue = Tongue {
    given: &[
        (" 美咲", "misaki"), (" 健一", "kenichi"), (" さくら", "sakura"), (" 大輔", "daisuke"), (" 陽子", "yoko"), (" 翔太", "shota"),
    ],
    family: &[
        ("佐藤", "sato"), ("田中", "tanaka"), ("高橋", "takahashi"), ("渡辺", "watanabe"), ("小林", "kobayashi"), ("加藤", "kato"),
    ],
    family_first: true,
    heads: &[
        ("桜", "sakura"), ("松", "matsu"), ("竹", "take"), ("梅", "ume"), ("富士", "fuji"), ("朝日", "asahi"), ("みどり", "midori"),
        ("ハヤブサ", "hayabusa"), ("鶴", "tsuru"), ("亀", "kame"), ("青", "ao"), ("白", "shiro"), ("金", "kin"), ("銀", "gin"),
        ("月", "tsuki"), ("星", "hoshi"), ("海", "umi"), ("空", "sora"),
    ],
    seconds: &[
        ("木", "ki"), ("山", "yama"), ("川", "kawa"), ("田", "ta"), ("野", "no"), ("原", "hara"), ("島", "shima"), ("本", "moto"),
        ("井", "i"), ("村", "mura"), ("丘", "oka"), ("浜", "hama"), ("森", "mori"), ("沢", "sawa"), ("谷", "tani"), ("橋", "hashi"),
    ],
    trades: &[
        "精機", "食品", "物流", "電機", "化学", "建設", "製紙", "硝子", "繊維", "工業", "商事", "印刷", "光学", "造船", "家具", "酒造",
    ],
    forms: &["株式会社 ", "有限会社 ", "合同会社 "],
    form_first: true,
    spaced: false,
    cities: &[
        ("松本市, Japan", "JPY", "+81 263 55"), ("札幌市, Japan", "JPY", "+81 11 555"), ("神戸市, Japan", "JPY", "+81 78 555"),
    ],
};
