//! What invented names are made of where Arabic, Chinese, Korean and Hindi are written.

use super::names::Tongue;

#[rustfmt::skip]
pub(super) const ARABIC: Tongue = Tongue {
    given: &[
        ("ليلى", "layla"), ("عمر", "omar"), ("نورة", "noura"), ("سامر", "samer"), ("هند", "hind"), ("ياسين", "yassin"),
    ],
    family: &[
        ("حدّاد", "haddad"), ("بن يوسف", "benyoussef"), ("المنصوري", "almansoori"), ("خليل", "khalil"), ("الأطرش", "alatrash"), ("زيدان", "zidan"),
    ],
    family_first: false,
    heads: &[
        ("النخلة", "nakhla"), ("الأطلس", "atlas"), ("البتراء", "petra"), ("الواحة", "waha"), ("الصقر", "saqr"), ("القمر", "qamar"),
        ("الشمس", "shams"), ("النجمة", "najma"), ("الأرز", "arz"), ("الياسمين", "yasmin"), ("المرجان", "murjan"), ("اللؤلؤ", "lulu"),
        ("الفرات", "furat"), ("النيل", "nil"), ("دجلة", "dijla"), ("سيناء", "sinai"),
    ],
    seconds: &[
        ("الذهبية", "dhahabia"), ("الخضراء", "khadra"), ("الزرقاء", "zarqa"), ("البيضاء", "bayda"), ("الجديدة", "jadida"), ("الكبرى", "kubra"),
        ("الشرقية", "sharqia"), ("الغربية", "gharbia"), ("الشمالية", "shamalia"), ("الجنوبية", "janubia"), ("الأولى", "ula"), ("الحديثة", "haditha"),
        ("العربية", "arabia"), ("الدولية", "dawlia"), ("المتحدة", "muttahida"), ("العالية", "alia"),
    ],
    trades: &[
        "للتجارة", "للنسيج", "للأغذية", "للنقل", "للطاقة", "للأثاث", "للزجاج", "للورق", "للبناء", "للآلات", "للطباعة", "للمختبرات", "للتغليف", "للعطور",
    ],
    forms: &["شركة ", "مؤسسة ", "مجموعة "],
    form_first: true,
    spaced: true,
    cities: &[
        ("دبي, United Arab Emirates", "USD", "+971 4 555"), ("فاس, Morocco", "EUR", "+212 535 55"), ("عمّان, Jordan", "USD", "+962 6 55"),
    ],
};

#[rustfmt::skip]
pub(super) const CHINESE: Tongue = Tongue {
    given: &[("伟", "wei"), ("芳", "fang"), ("秀英", "xiuying"), ("建国", "jianguo"), ("晓明", "xiaoming"), ("丽", "li")],
    family: &[("王", "wang"), ("李", "li"), ("张", "zhang"), ("刘", "liu"), ("陈", "chen"), ("欧阳", "ouyang")],
    family_first: true,
    heads: &[
        ("华", "hua"), ("中", "zhong"), ("东", "dong"), ("南", "nan"), ("长江", "changjiang"), ("黄河", "huanghe"), ("泰山", "taishan"),
        ("金龙", "jinlong"), ("凤凰", "fenghuang"), ("明珠", "mingzhu"), ("天", "tian"), ("海", "hai"), ("瑞", "rui"), ("兴", "xing"),
        ("永", "yong"), ("新", "xin"),
    ],
    seconds: &[
        ("达", "da"), ("丰", "feng"), ("盛", "sheng"), ("源", "yuan"), ("通", "tong"), ("和", "he"), ("利", "li"), ("泰", "tai"),
        ("安", "an"), ("隆", "long"), ("昌", "chang"), ("宏", "hong"), ("光", "guang"), ("美", "mei"), ("信", "xin2"), ("诚", "cheng"),
    ],
    trades: &[
        "机械", "食品", "物流", "电子", "化工", "建材", "纸业", "玻璃", "纺织", "能源", "贸易", "印刷", "光学", "造船", "家具", "仪器",
    ],
    forms: &["有限公司", "股份有限公司", "集团"],
    form_first: false,
    spaced: false,
    cities: &[("苏州, China", "USD", "+86 512 555"), ("成都, China", "USD", "+86 28 555"), ("臺南, Taiwan", "USD", "+886 6 555")],
};

#[rustfmt::skip]
pub(super) const KOREAN: Tongue = Tongue {
    given: &[("민준", "minjun"), ("서연", "seoyeon"), ("지훈", "jihun"), ("하은", "haeun"), ("도윤", "doyun"), ("수빈", "subin")],
    family: &[("김", "kim"), ("이", "lee"), ("박", "park"), ("최", "choi"), ("정", "jung"), ("강", "kang")],
    family_first: true,
    heads: &[
        ("한빛", "hanbit"), ("새벽", "saebyeok"), ("푸른", "pureun"), ("가람", "garam"), ("누리", "nuri"), ("다온", "daon"),
        ("라온", "raon"), ("마루", "maru"), ("바다", "bada"), ("소나무", "sonamu"), ("아리", "ari"), ("은하", "eunha"),
        ("초록", "chorok"), ("태양", "taeyang"), ("하늘", "haneul"), ("구름", "gureum"),
    ],
    seconds: &[
        ("동", "dong"), ("서", "seo"), ("남", "nam"), ("북", "buk"), ("산", "san"), ("강", "gang"), ("들", "deul"), ("샘", "saem"),
        ("길", "gil"), ("터", "teo"), ("숲", "sup"), ("섬", "seom"), ("꽃", "kkot"), ("별", "byeol"), ("빛", "bit"), ("솔", "sol"),
    ],
    trades: &[
        "정밀", "식품", "물류", "전자", "화학", "건설", "제지", "유리", "섬유", "산업", "무역", "인쇄", "광학", "조선", "가구", "양조",
    ],
    forms: &["주식회사 ", "유한회사 "],
    form_first: true,
    spaced: true,
    cities: &[("부산, Korea", "USD", "+82 51 555"), ("대구, Korea", "USD", "+82 53 555")],
};

#[rustfmt::skip]
pub(super) const DEVANAGARI: Tongue = Tongue {
    given: &[("प्रिया", "priya"), ("अर्जुन", "arjun"), ("दीपिका", "deepika"), ("रोहित", "rohit"), ("स्नेहा", "sneha"), ("विक्रम", "vikram")],
    family: &[("शर्मा", "sharma"), ("वर्मा", "verma"), ("पटेल", "patel"), ("कुलकर्णी", "kulkarni"), ("सिंह", "singh"), ("अय्यर", "iyer")],
    family_first: false,
    heads: &[
        ("गंगा", "ganga"), ("हिमालय", "himalaya"), ("सूर्य", "surya"), ("चन्द्र", "chandra"), ("कमल", "kamal"), ("मोर", "mor"),
        ("नर्मदा", "narmada"), ("आकाश", "akash"), ("सागर", "sagar"), ("वन", "van"), ("रत्न", "ratna"), ("स्वर्ण", "svarna"),
        ("अमृत", "amrit"), ("ज्योति", "jyoti"),
    ],
    seconds: &[
        ("उत्तर", "uttar"), ("दक्षिण", "dakshin"), ("पूर्व", "purva"), ("पश्चिम", "pashchim"), ("नव", "nav"), ("शक्ति", "shakti"),
        ("दीप", "deep"), ("पथ", "path"), ("सेतु", "setu"), ("नगर", "nagar"), ("ग्राम", "gram"), ("भूमि", "bhumi"), ("धारा", "dhara"), ("शिखर", "shikhar"),
    ],
    trades: &[
        "वस्त्र", "खाद्य", "यंत्र", "परिवहन", "ऊर्जा", "काग़ज़", "काँच", "फ़र्नीचर", "मुद्रण", "मसाले", "रसायन", "औज़ार",
    ],
    forms: &["प्रा. लि.", "लिमिटेड"],
    form_first: false,
    spaced: true,
    cities: &[("पुणे, India", "USD", "+91 20 555"), ("जयपुर, India", "USD", "+91 141 55")],
};
