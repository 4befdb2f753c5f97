//! Threats 13 and 18: header and payload are one JSON object each that every parser reads alike. All of these are signed.

use serde_json::json;

use crate::corpus::Corpus;
use crate::world::{Rules, World, with};

pub(crate) fn add(world: &World, corpus: &mut Corpus) {
    corpus.under(Rules::Okta);
    duplicates(world, corpus);
    nested_duplicates(world, corpus);
    no_object(world, corpus);
    characters(world, corpus);
    depth(world, corpus);
}

/// Both parts with this text, one after the other.
fn in_both(world: &World, corpus: &mut Corpus, name: &str, change: impl Fn(&str) -> Vec<u8>) {
    let (header, claims) = (world.header().to_string(), world.claims().to_string());
    corpus.refused("token_malformed", format!("{name}, header"), world.sign(change(&header), &claims));
    corpus.refused("token_malformed", format!("{name}, payload"), world.sign(&header, change(&claims)));
}

/// The name with one letter written as an escape.
fn escaped(name: &str, at: usize) -> String {
    let escape = format!("\\u{:04x}", u32::from(name.as_bytes()[at]));
    format!("{}{escape}{}", &name[..at], &name[at + 1..])
}

fn duplicates(world: &World, corpus: &mut Corpus) {
    let (header, claims) = (world.header(), world.claims());
    for (object, is_header) in [(&header, true), (&claims, false)] {
        let text = object.to_string();
        for (name, value) in object.as_object().expect("an object") {
            let letters = (0..name.len()).map(|at| escaped(name, at));
            for spelling in [name.clone()].into_iter().chain(letters) {
                for second in [value.clone(), json!(null), json!("none")] {
                    let behind = format!("{},\"{spelling}\":{second}}}", &text[..text.len() - 1]);
                    let before = format!("{{\"{spelling}\":{second},{}", &text[1..]);
                    for (place, changed) in [("behind", behind), ("before", before)] {
                        let token = if is_header {
                            world.sign(changed, claims.to_string())
                        } else {
                            world.sign(header.to_string(), changed)
                        };
                        corpus.refused("token_malformed", format!("{spelling} twice, {second} {place}"), token);
                    }
                }
            }
        }
    }
}

fn nested_duplicates(world: &World, corpus: &mut Corpus) {
    for depth in 1..=14 {
        for second in ["a", "\\u0061"] {
            let twice = format!("{{\"a\":1,\"b\":2,\"{second}\":3}}");
            let objects = "{\"o\":".repeat(depth - 1) + &twice + &"}".repeat(depth - 1);
            let arrays = "[0,".repeat(depth - 1) + &twice + &"]".repeat(depth - 1);
            let name = format!("{second} twice, {depth} deep");
            corpus.refused("token_malformed", format!("{name} in objects"), world.with_raw_claim("deep", &objects));
            if depth > 1 {
                corpus.refused("token_malformed", format!("{name} in arrays"), world.with_raw_claim("deep", &arrays));
            }
        }
    }
    let header = format!("{},\"x\":{{\"a\":1,\"a\":1}}}}", world.header().to_string().trim_end_matches('}'));
    corpus.refused("token_malformed", "a twice in a header's member", world.sign(header, world.claims().to_string()));
}

fn no_object(world: &World, corpus: &mut Corpus) {
    type Change = fn(&str) -> Vec<u8>;
    let changes: [(&str, Change); 40] = [
        ("nothing", |_| Vec::new()),
        ("white space", |_| b" \n".to_vec()),
        ("null", |_| b"null".to_vec()),
        ("true", |_| b"true".to_vec()),
        ("a number", |_| b"1".to_vec()),
        ("a string", |_| b"\"text\"".to_vec()),
        ("an empty array", |_| b"[]".to_vec()),
        ("the object in an array", |text| format!("[{text}]").into_bytes()),
        ("the object twice", |text| format!("{text}{text}").into_bytes()),
        ("the object and a line feed and another", |text| format!("{text}\n{{}}").into_bytes()),
        ("the object in quotes", |text| json!(text).to_string().into_bytes()),
        ("the members as an array", |text| format!("[{}]", text.trim_matches(['{', '}'])).into_bytes()),
        ("a letter behind", |text| format!("{text}x").into_bytes()),
        ("a zero byte behind", |text| format!("{text}\0").into_bytes()),
        ("a zero byte before", |text| format!("\0{text}").into_bytes()),
        ("a comma behind", |text| format!("{text},").into_bytes()),
        ("a brace behind", |text| format!("{text}}}").into_bytes()),
        ("a semicolon behind", |text| format!("{text};").into_bytes()),
        ("a form feed behind", |text| format!("{text}\u{c}").into_bytes()),
        ("a no-break space behind", |text| format!("{text}\u{a0}").into_bytes()),
        ("a line separator behind", |text| format!("{text}\u{2028}").into_bytes()),
        ("a comment behind", |text| format!("{text}//").into_bytes()),
        ("a comment before", |text| format!("/**/{text}").into_bytes()),
        ("a guard before", |text| format!(")]}}',\n{text}").into_bytes()),
        ("a function around", |text| format!("f({text})").into_bytes()),
        ("a byte order mark", |text| format!("\u{feff}{text}").into_bytes()),
        ("a byte order mark behind", |text| format!("{text}\u{feff}").into_bytes()),
        ("UTF-16, little end first", |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16, big end first", |text| text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("UTF-32", |text| text.chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect()),
        ("no last brace", |text| text.as_bytes()[..text.len() - 1].to_vec()),
        ("no first brace", |text| text.as_bytes()[1..].to_vec()),
        ("a comma before the last brace", |text| format!("{},}}", &text[..text.len() - 1]).into_bytes()),
        ("a comma behind the first brace", |text| format!("{{,{}", &text[1..]).into_bytes()),
        ("two commas", |text| text.replacen("\",\"", "\",,\"", 1).into_bytes()),
        ("no colon", |text| text.replacen(':', " ", 1).into_bytes()),
        ("two colons", |text| text.replacen(':', "::", 1).into_bytes()),
        ("equals for a colon", |text| text.replacen(':', "=", 1).into_bytes()),
        ("single quotes", |text| text.replace('"', "'").into_bytes()),
        ("a name without quotes", |text| text.replacen("{\"", "{", 1).replacen("\":", ":", 1).into_bytes()),
    ];
    for (name, change) in changes {
        in_both(world, corpus, name, change);
    }
    for value in [
        "nul",
        "True",
        "None",
        "undefined",
        "NaN",
        "Infinity",
        "-Infinity",
        "0x10",
        "+1",
        "01",
        "-01",
        ".5",
        "5.",
        "1e",
        "1e+",
        "--1",
        "1_000",
        "1,5",
        "1e400",
        "-1e400",
        "(1)",
        "'a'",
        "`a`",
        "a",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{a:1}",
        "{1:2}",
        "{\"a\"}",
        "{\"a\":}",
        "{:1}",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\x41\"",
        "\"\\u12\"",
        "\"\\u{41}\"",
        "\"\\'\"",
        "\"\\U00000041\"",
        "\"a\"\"b\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\ud83d x\"",
        "\"\\ud83d\\n\"",
        "",
    ] {
        corpus.refused("token_malformed", format!("a further claim {value}"), world.with_raw_claim("further", value));
        let header = with(world.header(), "further", json!("PLACE")).to_string().replace("\"PLACE\"", value);
        let token = world.sign(header, world.claims().to_string());
        corpus.refused("token_malformed", format!("a further header member {value}"), token);
    }
}

/// What may not stand in a string as it is, and bytes that are no UTF-8.
fn characters(world: &World, corpus: &mut Corpus) {
    for byte in 0..0x20_u8 {
        in_both(world, corpus, &format!("the byte {byte:#04x} in a string"), |text| {
            text.replacen("\"", &format!("\"further\":\"{}\",\"", char::from(byte)), 1).into_bytes()
        });
    }
    let ill_formed: [&[u8]; 14] = [
        b"\x80",
        b"\xbf",
        b"\xc0\x80",
        b"\xc1\xbf",
        b"\xc3",
        b"\xe0\x80\x80",
        b"\xe2\x82",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf0\x80\x80\x80",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xfe",
        b"\xff",
    ];
    for bytes in ill_formed {
        in_both(world, corpus, &format!("the bytes {bytes:02x?} in a string"), |text| {
            [b"{\"further\":\"", bytes, b"\",", &text.as_bytes()[1..]].concat()
        });
        in_both(world, corpus, &format!("the bytes {bytes:02x?} in a name"), |text| {
            [b"{\"", bytes, b"\":1,", &text.as_bytes()[1..]].concat()
        });
    }
}

/// Sixteen levels are read; fifteen below the payload itself.
fn depth(world: &World, corpus: &mut Corpus) {
    for depth in (16..=64).chain([127, 128, 129, 255, 256, 1_000, 1_500]) {
        let arrays = "[".repeat(depth) + &"]".repeat(depth);
        corpus.refused("token_malformed", format!("{depth} arrays deep"), world.with_raw_claim("deep", &arrays));
        if depth <= 256 {
            let objects = "{\"a\":".repeat(depth - 1) + "{}" + &"}".repeat(depth - 1);
            corpus.refused("token_malformed", format!("{depth} objects deep"), world.with_raw_claim("deep", &objects));
            let header = with(world.header(), "deep", json!("PLACE")).to_string().replace("\"PLACE\"", &arrays);
            let token = world.sign(header, world.claims().to_string());
            corpus.refused("token_malformed", format!("{depth} arrays deep in a header"), token);
        }
    }
    for unclosed in [16, 1_000, 4_000] {
        let payload = format!("{{\"deep\":{}", "[".repeat(unclosed));
        let token = world.sign(world.header().to_string(), payload);
        corpus.refused("token_malformed", format!("{unclosed} arrays that never end"), token);
    }
}
