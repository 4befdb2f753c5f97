//! Threat 15, and every signature that is not the key's: changed, cut, lengthened, made of zeros or of the group's order, in
//! another form, or another message's.

use aws_lc_rs::signature::KeyPair as _;
use okta_security_profiles::domain::jose::algorithm::Algorithm;
use okta_security_profiles::domain::jose::base64url::{decode, encode};
use serde_json::json;

use crate::corpus::Corpus;
use crate::keys::Key;
use crate::world::{Rules, World, seal, with};

/// The order of P-256's group (SEC 2 section 2.4.2), big end first.
pub(crate) const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7,
    0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
/// The order of P-384's group (SEC 2 section 2.5.1), big end first.
pub(crate) const P384_ORDER: [u8; 48] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0,
    0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
];
/// The order of Ed25519's group (RFC 8032 section 5.1), little end first.
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// A message and its signature under one key, and what is made of the signature.
struct Forge<'w> {
    message: String,
    signature: Vec<u8>,
    name: &'w str,
}

impl<'w> Forge<'w> {
    fn new(world: &World, key: &Key, algorithm: Algorithm, name: &'w str) -> Self {
        let header = json!({"kid": key.kid, "alg": algorithm.name()}).to_string();
        let claims = with(world.claims(), "jti", json!("AT.forged")).to_string();
        let message = format!("{}.{}", encode(header), encode(claims));
        let signature = key.signature(algorithm, message.as_bytes());
        Self { message, signature, name }
    }

    fn add(&self, corpus: &mut Corpus, what: &str, signature: impl AsRef<[u8]>) {
        let token = format!("{}.{}", self.message, encode(signature));
        corpus.refused("signature_invalid", format!("{}: {what}", self.name), token);
    }

    /// One bit of every byte, and lengths that no signature has.
    fn add_changes(&self, corpus: &mut Corpus) {
        let right = &self.signature;
        for at in 0..right.len() {
            let mut changed = right.clone();
            changed[at] ^= 1 << (at % 8);
            self.add(corpus, &format!("byte {at} changed"), changed);
        }
        let length = right.len();
        self.add(corpus, "complemented", right.iter().map(|byte| !byte).collect::<Vec<_>>());
        self.add(corpus, "all ones", vec![0xff; length]);
        self.add(corpus, "a zero before", [&[0], &right[..]].concat());
        self.add(corpus, "a zero behind", [&right[..], &[0]].concat());
        self.add(corpus, "twice", [&right[..], right].concat());
        self.add(corpus, "a half", &right[..length / 2]);
        self.add(corpus, "the other half", &right[length / 2..]);
        self.add(corpus, "halves exchanged", [&right[length / 2..], &right[..length / 2]].concat());
        self.add(corpus, "without its first byte", &right[1..]);
        self.add(corpus, "without its last byte", &right[..length - 1]);
        for zeros in [1, 2, length - 1, length, length + 1, 2 * length, 1_024] {
            self.add(corpus, &format!("{zeros} zeros"), vec![0; zeros]);
        }
    }
}

pub(crate) fn add(world: &World, corpus: &mut Corpus) {
    corpus.under(Rules::Okta);
    rsa(world, corpus);
    corpus.under(Rules::EveryAlgorithm);
    let pss = Forge::new(world, &world.plain, Algorithm::Ps256, "PS256");
    pss.add_changes(corpus);
    ecdsa(world, corpus, &world.p256, Algorithm::Es256, &P256_ORDER);
    ecdsa(world, corpus, &world.p384, Algorithm::Es384, &P384_ORDER);
    ed25519(world, corpus);
}

fn rsa(world: &World, corpus: &mut Corpus) {
    let forge = Forge::new(world, &world.okta, Algorithm::Rs256, "RS256");
    forge.add_changes(corpus);
    let key = &world.okta;
    let modulus = decode(key.jwk()["n"].as_str().expect("a modulus")).expect("base64url");
    forge.add(corpus, "the modulus", &modulus);
    forge.add(corpus, "one less than the modulus", minus(&modulus, &[vec![0; 255], vec![1]].concat()));
    forge.add(corpus, "one", [vec![0; 255], vec![1]].concat());
    forge.add(corpus, "the modulus less the signature", minus(&modulus, &forge.signature));
    for algorithm in [Algorithm::Rs384, Algorithm::Rs512, Algorithm::Ps256, Algorithm::Ps384, Algorithm::Ps512] {
        forge.add(corpus, &format!("made with {algorithm}"), key.signature(algorithm, forge.message.as_bytes()));
    }
    let (header, payload) = forge.message.split_once('.').expect("two parts");
    let decoded = |part: &str| decode(part).expect("base64url");
    let other_messages = [
        ("the header", header.as_bytes().to_vec()),
        ("the payload", payload.as_bytes().to_vec()),
        ("nothing", Vec::new()),
        ("a dot more", format!("{}.", forge.message).into_bytes()),
        ("no dot", format!("{header}{payload}").into_bytes()),
        ("payload and header", format!("{payload}.{header}").into_bytes()),
        ("the decoded parts", [decoded(header), b".".to_vec(), decoded(payload)].concat()),
        ("the decoded payload", [header.as_bytes(), b".", &decoded(payload)].concat()),
        ("another token", world.sign(world.header().to_string(), world.claims().to_string()).into_bytes()),
    ];
    for (name, message) in other_messages {
        forge.add(corpus, &format!("of {name}"), key.signature(Algorithm::Rs256, &message));
    }
    for (name, key) in
        [("attacker", &world.attackers), ("other tenant", &world.other), ("issuer's other key", &world.plain)]
    {
        forge.add(corpus, &format!("the {name}'s"), key.signature(Algorithm::Rs256, forge.message.as_bytes()));
    }
    // A good signature, and other claims or another header.
    let good = forge.signature.clone();
    for (name, value) in
        [("cid", json!("0oa2orders")), ("scp", json!(["CustomScope", "Admin"])), ("sub", json!("admin"))]
    {
        let claims = with(world.claims(), name, value).to_string();
        let token = format!("{header}.{}.{}", encode(claims), encode(&good));
        corpus.refused("signature_invalid", format!("RS256: {name} changed afterwards"), token);
    }
    let header = encode(with(world.header(), "typ", json!("JWT")).to_string());
    let token = format!("{header}.{payload}.{}", encode(&good));
    corpus.refused("signature_invalid", "RS256: typ added afterwards", token);
}

fn ecdsa(world: &World, corpus: &mut Corpus, key: &Key, algorithm: Algorithm, order: &[u8]) {
    let forge = Forge::new(world, key, algorithm, algorithm.name());
    forge.add_changes(corpus);
    let length = order.len();
    let one = [vec![0; length - 1], vec![1]].concat();
    let numbers = [
        ("0", vec![0; length]),
        ("1", one.clone()),
        ("n - 1", minus(order, &one)),
        ("n", order.to_vec()),
        ("n + 1", minus(order, &minus(&vec![0; length], &one))),
        ("all ones", vec![0xff; length]),
        ("2", [vec![0; length - 1], vec![2]].concat()),
    ];
    let (r, s) = forge.signature.split_at(length);
    for (name_r, number_r) in &numbers {
        forge.add(corpus, &format!("r = {name_r}"), [number_r, s].concat());
        forge.add(corpus, &format!("s = {name_r}"), [r, number_r].concat());
        for (name_s, number_s) in &numbers {
            // All zeros and all ones are among the changes.
            if (*name_r, *name_s) != ("0", "0") && (*name_r, *name_s) != ("all ones", "all ones") {
                forge.add(corpus, &format!("r = {name_r}, s = {name_s}"), [&number_r[..], number_s].concat());
            }
        }
    }
    forge.add(corpus, "n - r", [&minus(order, r), s].concat());
    forge.add(corpus, "in DER", der(r, s));
    forge.add(corpus, "with longer numbers", [&[0], r, &[0], s].concat());
    forge.add(corpus, "r alone", [r, r].concat());
}

fn ed25519(world: &World, corpus: &mut Corpus) {
    let forge = Forge::new(world, &world.ed25519, Algorithm::EdDsa, "EdDSA");
    forge.add_changes(corpus);
    let (r, s) = forge.signature.split_at(32);
    // The same point for a careless verifier: S, and every S + k * L that fits (RFC 8032 section 5.1.7).
    let mut larger = s.to_vec();
    for times in 1..=14 {
        let mut carry = 0;
        for (digit, order) in larger.iter_mut().zip(ED25519_ORDER) {
            let sum = u16::from(*digit) + u16::from(order) + carry;
            (*digit, carry) = (sum.to_le_bytes()[0], sum >> 8);
        }
        forge.add(corpus, &format!("S + {times} L"), [r, &larger].concat());
    }
    // Points of a small order, and S = 0.
    let identity = [vec![1], vec![0; 31]].concat();
    forge.add(corpus, "the identity and 0", [identity.clone(), vec![0; 32]].concat());
    forge.add(corpus, "the identity", [&identity, s].concat());
    forge.add(corpus, "S = L", [r, &ED25519_ORDER].concat());
    // The attacker's own key pair.
    let pair = aws_lc_rs::signature::Ed25519KeyPair::generate().expect("a key");
    assert_ne!(pair.public_key().as_ref(), world.ed25519.public_bytes());
    forge.add(corpus, "another key's", pair.sign(forge.message.as_bytes()));
    let token = seal(&world.attackers_p256, Algorithm::Es256, &forge.message);
    corpus.refused("signature_invalid", "EdDSA: a P-256 signature", token);
}

/// `a - b`, big end first, modulo the length.
pub(crate) fn minus(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut difference = a.to_vec();
    let mut borrow = false;
    for (digit, less) in difference.iter_mut().zip(b).rev() {
        let (first, under) = digit.overflowing_sub(*less);
        let (second, under_again) = first.overflowing_sub(u8::from(borrow));
        (*digit, borrow) = (second, under || under_again);
    }
    difference
}

/// `SEQUENCE { INTEGER r, INTEGER s }`.
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let mut digits = number[zeros..].to_vec();
        if digits.first().is_none_or(|first| *first >= 0x80) {
            digits.insert(0, 0);
        }
        [vec![2, u8::try_from(digits.len()).expect("a short number")], digits].concat()
    };
    let body = [integer(r), integer(s)].concat();
    [vec![0x30, u8::try_from(body.len()).expect("a short body")], body].concat()
}
