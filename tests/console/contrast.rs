//! Text stands out from its ground as WCAG 2.2 AA asks (4.5:1), edges of fields and the focus as 1.4.11 does (3:1).

const STYLE: &str = include_str!("../../src/console/assets/console.css");

fn colours(block: &str) -> Vec<(&str, [f64; 3])> {
    let pairs = block.split(['{', ';', '}']).filter_map(|line| line.trim().split_once(": #"));
    pairs
        .filter(|(name, _)| name.starts_with("--"))
        .map(|(name, hex)| {
            let part = |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).expect("a colour")) / 255.0;
            (name, [part(0), part(2), part(4)])
        })
        .collect()
}

fn luminance(colour: [f64; 3]) -> f64 {
    let linear = |part: f64| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) };
    let [red, green, blue] = colour.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn text_edges_and_focus_stand_out_in_light_and_in_dark() {
    let (light, dark) = STYLE.split_once("@media (prefers-color-scheme: dark)").expect("both schemes");
    let dark = dark.split("\n}").next().expect("the dark scheme's block");
    for (scheme, block) in [("light", light), ("dark", dark)] {
        let colours = colours(block);
        let of = |name: &str| colours.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name}")).1;
        let mut pairs = vec![("--on-accent", "--accent", 4.5)];
        for ground in ["--ground", "--card", "--code-ground", "--plain-ground"] {
            pairs.extend([("--ink", ground, 4.5), ("--quiet", ground, 4.5)]);
        }
        for ground in ["--ground", "--card"] {
            pairs.extend([("--accent", ground, 4.5), ("--focus", ground, 3.0), ("--edge", ground, 3.0)]);
        }
        for state in ["pass", "warn", "fail"] {
            for ground in ["--card", "--ground", &format!("--{state}-ground")] {
                let ratio = contrast(of(&format!("--{state}")), of(ground));
                assert!(ratio >= 4.5, "{scheme}: {state} on {ground}: {ratio:.2}");
            }
            let ratio = contrast(of("--ink"), of(&format!("--{state}-ground")));
            assert!(ratio >= 4.5, "{scheme}: ink on {state}: {ratio:.2}");
        }
        for (text, ground, least) in pairs {
            let ratio = contrast(of(text), of(ground));
            assert!(ratio >= least, "{scheme}: {text} on {ground}: {ratio:.2}");
        }
    }
}
