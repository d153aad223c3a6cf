// What the check must refuse: each of these is a right world with one thing
// wrong in it. [what is wrong, the badge that is looked at, the rule that must be
// broken, how it comes about]; the last changes documents, or answers if it has
// two parameters.

import { BASE, RECIPIENT, chunk, hash, itxt, keys, pngOf, pngParts, sign, svgAssertion, svgOf } from './world.js';

const CLASS = 'class/web.json';
const HOSTED = 'assertion/1.json';
const SIGNED = 'assertion/1.jws';
const PNG = 'assertion/1.png';
const SVG = 'assertion/1.svg';
const REVOKED = 'assertion/2.json';
const MISSING = 'assertion/3.json';

const DATES = {
    'a date without a time': '2026-05-12',
    'a time without a zone': '2026-05-12T08:41:22',
    'a day that is none': '2026-02-30T00:00:00Z',
    'an hour that is none': '2026-05-12T24:00:00Z',
    'a leap second': '2026-05-12T23:59:60Z',
    'a space for the T': '2026-05-12 08:41:22Z',
    'seconds since 1970': 1778575282,
};

const URLS = {
    'a path': '/class/web.json',
    'a space in a URL': 'https://badges.example/a b',
    'a letter to be escaped in a URL': 'https://badges.example/é',
    'an escape that is none': 'https://badges.example/%zz',
    'no host': 'https:///a',
    'another scheme': 'ftp://badges.example/',
    'words': 'see the web site',
};

const required = {
    hosted: ['@context', 'id', 'type', 'recipient', 'badge', 'verification', 'issuedOn'],
    class: ['@context', 'id', 'type', 'name', 'description', 'image', 'criteria', 'issuer'],
    issuer: ['@context', 'id', 'type', 'name', 'url', 'email'],
    key: ['@context', 'id', 'type', 'owner', 'publicKeyPem'],
    revocations: ['@context', 'id', 'type', 'issuer', 'revokedAssertions'],
};

const kinds = { hosted: 'assertion', class: 'class', issuer: 'issuer', key: 'key', revocations: 'revocations' };
const at = { key: SIGNED, revocations: SIGNED };

export const bad = [];

const refuse = (what, url, rule, change) => bad.push({ what, url, rule, change });
const shape = kind => new RegExp(`^${kind}: members and types: `);

for (const [document, members] of Object.entries(required)) {
    const kind = kinds[document];
    const url = at[document] || HOSTED;

    for (const member of members) {
        refuse(`${kind}: no ${member}`, url, `${kind}: members and types: / must have required property '${member}'`,
               w => { delete w[document][member]; });
        refuse(`${kind}: ${member} is null`, url, `${kind}: has no null: /${member}`,
               w => { w[document][member] = null; });
        refuse(`${kind}: ${member} is a number`, url, shape(kind), w => { w[document][member] = 7; });
    }

    refuse(`${kind}: another type`, url, shape(kind), w => { w[document].type = 'Thing'; });
    refuse(`${kind}: another context`, url, shape(kind), w => { w[document]['@context'] = 'https://w3id.org/openbadges/v1'; });
    refuse(`${kind}: the id of another`, url, /: id is its URL: |: is answered: /, w => { w[document].id = `${BASE}x.json`; });
    refuse(`${kind}: a name of JSON-LD's`, url, `${kind}: has no name of JSON-LD's: /more/0/@id`,
           w => { w[document].more = [{ '@id': 'https://x.example' }]; });
    refuse(`${kind}: names its recipient`, url, `${kind}: discloses nothing`,
           w => { w[document].narrative = `For ${RECIPIENT.toUpperCase()}`; });
}

for (const [what, value] of Object.entries(DATES)) {
    for (const member of ['issuedOn', 'expires']) {
        refuse(`assertion: ${member} is ${what}`, HOSTED, new RegExp(`^assertion: members and types: /${member} `),
               w => { w.hosted[member] = value; });
    }
}

for (const [what, value] of Object.entries(URLS)) {
    refuse(`issuer: url is ${what}`, HOSTED, shape('issuer'), w => { w.issuer.url = value; });
    refuse(`class: image is ${what}`, HOSTED, shape('class'), w => { w.class.image = value; });
    refuse(`class: criteria is ${what}`, HOSTED, shape('class'), w => { w.class.criteria = value; });
    refuse(`class: targetUrl is ${what}`, HOSTED, shape('class'), w => { w.class.alignment[0].targetUrl = value; });
    refuse(`assertion: evidence is ${what}`, HOSTED, shape('assertion'), w => { w.hosted.evidence = [value]; });
}

// Members of one kind of document

const changes = [
    ['issuer: e-mail without @', HOSTED, shape('issuer'), w => { w.issuer.email = 'badges.example'; }],
    ['issuer: telephone', HOSTED, shape('issuer'), w => { w.issuer.telephone = '+1 617'; }],
    ['issuer: language', HOSTED, shape('issuer'), w => { w.issuer['@language'] = 'not a language'; }],
    ['issuer: empty name', HOSTED, shape('issuer'), w => { w.issuer.name = ''; }],
    ['issuer: a port in allowedOrigins', HOSTED, shape('issuer'), w => { w.issuer.verification = { allowedOrigins: 'badges.example:80' }; }],
    ['issuer: no keys', SIGNED, shape('issuer'), w => { w.issuer.publicKey = []; }],
    ['issuer: two keys', HOSTED, 'issuer: has one key at most', w => { w.issuer.publicKey = [`${BASE}key/1.json`, `${BASE}key/2.json`]; }],
    ['class: empty criteria', HOSTED, shape('class'), w => { w.class.criteria = {}; }],
    ['class: empty narrative of criteria', HOSTED, shape('class'), w => { w.class.criteria = { narrative: '' }; }],
    ['class: a number among its tags', HOSTED, shape('class'), w => { w.class.tags = ['a', 1]; }],
    ['class: null among its tags', HOSTED, 'class: has no null: /tags/1', w => { w.class.tags = ['a', null]; }],
    ['class: alignment without targetName', HOSTED, shape('class'), w => { delete w.class.alignment[0].targetName; }],
    ['class: alignment without targetUrl', HOSTED, shape('class'), w => { delete w.class.alignment[0].targetUrl; }],
    ['class: alignment with a null', HOSTED, 'class: has no null: /alignment/0/targetCode', w => { w.class.alignment[0].targetCode = null; }],
    ['class: a picture within that is neither', HOSTED, shape('class'), w => { w.class.image = 'data:image/gif;base64,AAAA'; }],
    ['assertion: empty evidence', HOSTED, shape('assertion'), w => { w.hosted.evidence = [{}]; }],
    ['assertion: null for narrative', HOSTED, 'assertion: has no null: /narrative', w => { w.hosted.narrative = null; }],
    ['assertion: revoked, yet 200', HOSTED, shape('assertion'), w => { w.hosted.revoked = true; }],
    ['assertion: a reason for revoking it', HOSTED, shape('assertion'), w => { w.hosted.revocationReason = 'x'; }],
    ['assertion: unknown verification', HOSTED, shape('assertion'), w => { w.hosted.verification.type = 'Trust'; }],
    ['assertion: hosted, and says it is signed', HOSTED, 'assertion: verification: SignedBadge', w => { w.hosted.verification = w.signed.verification; }],
    ['assertion: signed, and says it is hosted', SIGNED, 'assertion: verification: HostedBadge', w => { w.signed.verification = { type: 'HostedBadge' }; }],
    ['assertion: issued in the future', HOSTED, /^assertion: is not issued in the future: /, w => { w.hosted.issuedOn = '2126-01-01T00:00:00Z'; }],
    ['assertion: expired before it was issued', HOSTED, /^assertion: expires after it is issued: /, w => { w.hosted.expires = '2026-05-12T08:41:21Z'; }],
    ['assertion: expired', HOSTED, /^assertion: is not expired: /, w => { w.hosted.expires = '2026-05-13T00:00:00Z'; }],
];

// The recipient, and what is to be hashed

const salted = (text, salt = '00112233445566778899aabbccddeeff') =>
    w => { Object.assign(w.hosted.recipient, { identity: hash(text + salt), salt }); };

changes.push(
    ['recipient: as clear text', HOSTED, 'assertion: discloses nothing: jane@example.com', w => { w.hosted.recipient = { type: 'email', hashed: false, identity: RECIPIENT }; }],
    ['recipient: clear text that says it is hashed', HOSTED, shape('assertion'), w => { w.hosted.recipient.identity = 'someone'; }],
    ['recipient: a hash that says it is none', HOSTED, shape('assertion'), w => { w.hosted.recipient.hashed = false; }],
    ['recipient: hashed is a text', HOSTED, shape('assertion'), w => { w.hosted.recipient.hashed = 'true'; }],
    ['recipient: short hash', HOSTED, shape('assertion'), w => { w.hosted.recipient.identity = 'sha256$abcd'; }],
    ['recipient: unknown hash', HOSTED, shape('assertion'), w => { w.hosted.recipient.identity = `sha1$${'0'.repeat(40)}`; }],
    ['recipient: MD5', HOSTED, /^assertion: recipient is hashed well: /, w => { w.hosted.recipient.identity = hash(RECIPIENT + w.hosted.recipient.salt, 'md5'); }],
    ['recipient: upper case', HOSTED, /^assertion: recipient is hashed well: /, w => { w.hosted.recipient.identity = w.hosted.recipient.identity.replace(/\$.*/, h => h.toUpperCase()); }],
    ['recipient: no salt', HOSTED, /^assertion: recipient is hashed well: /, w => { salted(RECIPIENT, '')(w); delete w.hosted.recipient.salt; }],
    ['recipient: short salt', HOSTED, /^assertion: recipient is hashed well: /, salted(RECIPIENT, 'abc')],
    ['recipient: someone else', HOSTED, /^assertion: recipient: /, salted('john@example.com')],
    ['recipient: salt before the address', HOSTED, /^assertion: recipient: /, w => { w.hosted.recipient.identity = hash(w.hosted.recipient.salt + RECIPIENT); }],
    ['recipient: a line end in the hash', HOSTED, /^assertion: recipient: /, w => { w.hosted.recipient.identity = hash(`${RECIPIENT}\n${w.hosted.recipient.salt}`); }],
    ['recipient: unknown type', HOSTED, shape('assertion'), w => { w.hosted.recipient.type = 'name'; }],
);

// Where hosted assertions may be

changes.push(
    ['origin: startsWith', HOSTED, 'assertion: startsWith', w => { w.issuer.verification = { startsWith: `${BASE}other/` }; }],
    ['origin: allowedOrigins', HOSTED, /^assertion: origin: /, w => { w.issuer.verification = { allowedOrigins: ['other.example'] }; }],
    ['origin: an issuer elsewhere', HOSTED, /^issuer: is answered: /, w => { w.class.issuer = 'https://other.example/issuer.json'; }],
    ['origin: a class elsewhere', HOSTED, /^class: is answered: /, w => { w.hosted.badge = 'https://other.example/class.json'; }],
);

// Signatures and their keys

const signedBy = (header, key) => w => { w.signature = { header, key }; };

const tampered = part => w => {
    const parts = sign(w.signed).split('.');
    const at = parts[part].length >> 1;
    parts[part] = parts[part].slice(0, at) + (parts[part][at] === 'A' ? 'B' : 'A') + parts[part].slice(at + 1);
    w.jws = parts.join('.');
};

changes.push(
    ['signature: of another key', SIGNED, /^signature: verifies: /, signedBy({ alg: 'RS256' }, keys.other)],
    ['signature: tampered', SIGNED, /^signature: verifies: /, tampered(2)],
    ['signature: of another payload', SIGNED, /^signature: verifies: /, w => {
        const [header, , signature] = sign(w.signed).split('.');
        const [, payload] = sign({ ...w.signed, issuedOn: '2026-05-13T08:41:22Z' }).split('.');
        w.jws = [header, payload, signature].join('.');
    }],
    ['signature: a header that is no JSON', SIGNED, /^signature: header: /, w => { w.jws = sign(w.signed).replace(/^[^.]+/, 'AAAA'); }],
    ['signature: none', SIGNED, 'signature: form', w => { w.jws = sign(w.signed, { header: { alg: 'none' } }).replace(/[^.]+$/, ''); }],
    ['signature: alg none', SIGNED, 'signature: alg: none', signedBy({ alg: 'none' })],
    ['signature: alg HS256', SIGNED, 'signature: alg: HS256', signedBy({ alg: 'HS256' })],
    ['signature: crit', SIGNED, 'signature: crit', signedBy({ alg: 'RS256', crit: ['exp'], exp: 1 })],
    ['signature: kid of another key', SIGNED, /^signature: kid: /, signedBy({ alg: 'RS256', kid: `${BASE}key/2.json` })],
    ['signature: a line end after it', SIGNED, 'signature: form', w => { w.jws = `${sign(w.signed)}\n`; }],
    ['signature: padded', SIGNED, 'signature: form', w => { w.jws = `${sign(w.signed)}==`; }],
    ['signature: two parts', SIGNED, 'signature: form', w => { w.jws = sign(w.signed).replace(/\.[^.]+$/, ''); }],
    ['signature: id of the hosted one', SIGNED, /^assertion: id is its URL: /, w => { w.signed.id = `${BASE}assertion/1.json`; }],
    ['signature: no creator', SIGNED, shape('assertion'), w => { delete w.signed.verification.creator; }],
    ['signature: a creator that is not there', SIGNED, /^key: is answered: 404/, w => { w.signed.verification.creator = `${BASE}key/9.json`; }],
    ['signature: a creator that is not listed', SIGNED, /^key: is listed by its issuer: /, w => {
        w.signed.verification.creator = `${BASE}key/2.json`;
        w.signature = { key: keys.other };
    }],
    ['key: not listed', SIGNED, /^key: is listed by its issuer: /, w => { w.issuer.publicKey = [`${BASE}key/2.json`]; }],
    ['key: the issuer lists none', SIGNED, /^key: is listed by its issuer: /, w => { delete w.issuer.publicKey; }],
    ['key: another owner', SIGNED, /^key: is its issuer's: /, w => { w.key.owner = `${BASE}other.json`; }],
    ['key: CRLF', SIGNED, shape('key'), w => { w.key.publicKeyPem = w.key.publicKeyPem.replaceAll('\n', '\r\n'); }],
    ['key: the private one', SIGNED, shape('key'), w => { w.key.publicKeyPem = keys.own.privateKey; }],
    ['key: bytes that are none', SIGNED, /^key: is a public key: /, w => { w.key.publicKeyPem = w.key.publicKeyPem.replace(/\n[^-]{64}\n/, `\n${'A'.repeat(64)}\n`); }],
    ['key: short', SIGNED, 'key: RSA of 2048 bits or more', w => {
        w.key.publicKeyPem = keys.short.publicKey;
        w.signature = { key: keys.short };
    }],
    ['revocations: has it', SIGNED, /^assertion: is not revoked: /, w => { w.revocations.revokedAssertions.push(w.signed.id); }],
    ['revocations: has it as an object', SIGNED, /^assertion: is not revoked: /, w => { w.revocations.revokedAssertions.push({ id: w.signed.id }); }],
    ['revocations: one alone', SIGNED, 'revocations: none or several', w => { w.revocations.revokedAssertions.pop(); }],
    ['revocations: no list', SIGNED, 'issuer: has a revocation list', w => { delete w.issuer.revocationList; }],
    ['revocations: of another issuer', SIGNED, /^revocations: issuer: /, w => { w.revocations.issuer = `${BASE}other.json`; }],
    ['revocations: an entry without id', SIGNED, shape('revocations'), w => { w.revocations.revokedAssertions.push({ revocationReason: 'x' }); }],
    ['revocations: a number', SIGNED, shape('revocations'), w => { w.revocations.revokedAssertions.push(3); }],
    ['revocations: one twice', SIGNED, shape('revocations'), w => { w.revocations.revokedAssertions.push(w.revocations.revokedAssertions[0]); }],
);

// Revoked and missing ones

changes.push(
    ['revoked: says it is not', REVOKED, shape('revoked'), w => { w.revoked.revoked = false; }],
    ['revoked: the whole assertion', REVOKED, shape('revoked'), w => { w.revoked = { ...w.hosted, id: w.revoked.id, revoked: true }; }],
    ['revoked: when it was issued', REVOKED, shape('revoked'), w => { w.revoked.issuedOn = w.hosted.issuedOn; }],
    ['revoked: why', REVOKED, shape('revoked'), w => { w.revoked.revocationReason = 'cheated'; }],
    ['revoked: the id of another', REVOKED, /^revoked: id is its URL: /, w => { w.revoked.id = w.hosted.id; }],
    ['revoked: no id', REVOKED, shape('revoked'), w => { delete w.revoked.id; }],
    ['revoked: null for its type', REVOKED, 'revoked: has no null: /type', w => { w.revoked.type = null; }],
    ['revoked: a graph', REVOKED, "revoked: has no name of JSON-LD's: /@graph", w => { w.revoked['@graph'] = []; }],
    ['revoked: whose it was', REVOKED, 'revoked: discloses nothing', w => { w.revoked.note = RECIPIENT; }],
    ['revoked: 200', REVOKED, 'revoked: is answered: 200', (w, a) => { a[REVOKED].status = 200; }],
    ['revoked: 404', REVOKED, 'revoked: is answered: 404', (w, a) => { a[REVOKED].status = 404; }],
    ['missing: 200', MISSING, 'missing: is answered: 200', (w, a) => { a[MISSING].status = 200; }],
    ['missing: 410', MISSING, 'missing: is answered: 410', (w, a) => { a[MISSING].status = 410; }],
    ['missing: HTML', MISSING, 'missing: Content-Type: text/html', (w, a) => { a[MISSING].type = 'text/html'; }],
    ['missing: names someone', MISSING, 'missing: discloses nothing', (w, a) => { a[MISSING].body = `no badge of ${RECIPIENT}`; }],
    ['missing: no CORS', MISSING, 'missing: CORS', (w, a) => { a[MISSING].headers = { 'Access-Control-Allow-Origin': undefined }; }],
);

// How things are answered: [kind, its URL, from where it is reached]

const ANSWERED = [
    ['assertion', HOSTED, HOSTED], ['class', CLASS, HOSTED], ['issuer', 'issuer.json', HOSTED],
    ['key', 'key/1.json', SIGNED], ['revocations', 'revocations.json', SIGNED], ['revoked', REVOKED, REVOKED],
];
const SENT = [['signature', SIGNED, SIGNED], ['class image', 'class/web.png', HOSTED], ['baked image', PNG, PNG]];

for (const [kind, url, from] of ANSWERED) {
    const status = kind === 'revoked' ? 410 : 200;
    const not = new RegExp(`^${kind}: is JSON: `);

    changes.push(
        [`${kind}: HTML`, from, `${kind}: Content-Type: text/html`, (w, a) => { a[url].type = 'text/html; charset=utf-8'; }],
        [`${kind}: text`, from, `${kind}: Content-Type: text/plain`, (w, a) => { a[url].type = 'text/plain; charset=utf-8'; }],
        [`${kind}: no charset`, from, `${kind}: charset`, (w, a) => { a[url].type = 'application/ld+json'; }],
        [`${kind}: HTML for browsers`, from, `${kind}: Accept: text/html,application/xhtml+xml,*/*;q=0.8: ${status} text/html`, (w, a) => { a[url].forBrowsers = /^text\/html/; }],
        [`${kind}: HTML for images`, from, `${kind}: Accept: image/png: ${status} text/html`, (w, a) => { a[url].forBrowsers = /^image\/png$/; }],
        [`${kind}: one type for all`, from, `${kind}: Accept: application/json: ${status} application/ld+json`, (w, a) => { a[url].deaf = true; }],
        [`${kind}: other words for others`, from, `${kind}: is the same for all`, (w, a) => { a[url].fickle = true; }],
        [`${kind}: no Vary`, from, `${kind}: Vary`, (w, a) => { delete a[url].vary; }],
        [`${kind}: not JSON`, from, not, (w, a) => { a[url].body += '}'; }],
        [`${kind}: a list`, from, `${kind}: is JSON: not an object`, (w, a) => { a[url].body = `[${a[url].body}]`; }],
        [`${kind}: not UTF-8`, from, not, (w, a) => { a[url].body = Buffer.from(a[url].body.replace('{', '{"x":"\xe9",'), 'latin1'); }],
        [`${kind}: a byte order mark`, from, not, (w, a) => { a[url].body = `\ufeff${a[url].body}`; }],
        [`${kind}: a member twice`, from, `${kind}: is JSON: member id is there twice`, (w, a) => { a[url].body = a[url].body.replace(/}$/, ',"i\\u0064":"x"}'); }],
    );
}

for (const [kind, url, from] of [...ANSWERED, ...SENT]) {
    changes.push(
        [`${kind}: no CORS`, from, `${kind}: CORS`, (w, a) => { a[url].headers = { 'Access-Control-Allow-Origin': undefined }; }],
        [`${kind}: HEAD is not as GET`, from, `${kind}: HEAD: `, (w, a) => { a[url].headless = true; }],
    );
    if (kind === 'revoked') continue;

    changes.push(
        [`${kind}: 404`, from, `${kind}: is answered: 404`, (w, a) => { a[url].status = 404; }],
        [`${kind}: 500`, from, `${kind}: is answered: 500`, (w, a) => { a[url].status = 500; }],
        [`${kind}: no ETag`, from, `${kind}: 304`, (w, a) => { a[url].headers = { ETag: undefined }; }],
        [`${kind}: never 304`, from, `${kind}: 304`, (w, a) => { a[url].forgetful = true; }],
        [`${kind}: redirects for ever`, from, /: too many redirects$/, (w, a) => { Object.assign(a[url], { status: 302, location: BASE + url }); }],
    );
}

// Images: the class's, and those with an assertion in them

const image = (url, make) => (w, a) => { a[url].body = make(JSON.stringify(w.hosted), a[url].body); };
const flip = at => (json, bytes) => { const b = Buffer.from(bytes); b[at < 0 ? b.length + at : at] ^= 1; return b; };
const other = w => JSON.stringify({ ...w.hosted, narrative: 'another' });

changes.push(
    ['class image: called what it is not', HOSTED, 'class image: Content-Type: image/svg+xml', (w, a) => { a['class/web.png'].type = 'image/svg+xml'; }],
    ['class image: HTML', HOSTED, 'class image: Content-Type: text/html', (w, a) => { a['class/web.png'] = { type: 'text/html', body: '<p>no</p>' }; }],
    ['class image: a broken CRC', HOSTED, 'class image: is whole: PNG: CRC of chunk IDAT', image('class/web.png', flip(-14))],
    ['class image: cut off', HOSTED, /^class image: is whole: PNG: ends within/, image('class/web.png', (json, bytes) => bytes.subarray(0, -3))],
    ['class image: bytes after it', HOSTED, 'class image: is whole: PNG: bytes after its end', image('class/web.png', (json, bytes) => Buffer.concat([bytes, Buffer.from('x')]))],
    ['class image: a badge in it', HOSTED, 'class image: nothing is baked into it', image('class/web.png', json => pngOf(itxt(json)))],
    ['PNG: nothing baked', PNG, 'baked image: has an assertion', image(PNG, () => pngOf())],
    ['PNG: CRC', PNG, /^baked image: is whole: PNG: CRC of chunk iTXt/, image(PNG, flip(60))],
    ['PNG: compressed', PNG, 'baked image: is whole: PNG: openbadges is compressed', image(PNG, json => pngOf(itxt(json, { between: '\0\x01\0\0\0' })))],
    ['PNG: a language', PNG, /^baked image: is whole: PNG: openbadges has a language/, image(PNG, json => pngOf(itxt(json, { between: '\0\0\0en\0\0' })))],
    ['PNG: tEXt', PNG, 'baked image: is whole: PNG: openbadges is in tEXt, not in iTXt', image(PNG, json => pngOf(itxt(json, { type: 'tEXt', between: '\0' })))],
    ['PNG: two', PNG, 'baked image: is whole: PNG: two chunks openbadges', image(PNG, json => pngOf(itxt(json), itxt(json)))],
    ['PNG: not after IHDR', PNG, 'baked image: is whole: PNG: openbadges does not follow IHDR', image(PNG, json => pngOf(chunk('gAMA', Buffer.alloc(4)), itxt(json)))],
    ['PNG: before IHDR', PNG, 'baked image: is whole: PNG: IHDR is not the first chunk', image(PNG, json => Buffer.concat([pngParts.start, itxt(json), pngParts.header, pngParts.data, pngParts.end]))],
    ['PNG: another keyword', PNG, 'baked image: has an assertion', image(PNG, json => pngOf(itxt(json, { keyword: 'openbadge' })))],
    ['PNG: other words than are hosted', PNG, 'baked assertion: is what is hosted', (w, a) => { a[PNG].body = pngOf(itxt(other(w))); }],
    ['PNG: null', PNG, 'baked assertion: has no null: /narrative', image(PNG, json => pngOf(itxt(json.replace(/("narrative":)"[^,]*"/, '$1null'))))],
    ['PNG: a graph', PNG, "baked assertion: has no name of JSON-LD's: /@graph", image(PNG, json => pngOf(itxt(json.replace('{', '{"@graph":[],'))))],
    ['PNG: names its recipient', PNG, 'baked assertion: discloses nothing', image(PNG, json => pngOf(itxt(json.replace('"N ', `"${RECIPIENT} `))))],
    ['PNG: no assertion', PNG, 'baked assertion: members and types', image(PNG, () => pngOf(itxt('{}')))],
    ['PNG: not UTF-8', PNG, /^baked image: is whole: /, image(PNG, json => pngOf(chunk('iTXt', Buffer.concat([Buffer.from('openbadges\0\0\0\0\0{"x":"'), Buffer.from([0xe9]), Buffer.from('"}')]))))],
    ['PNG: a URL', PNG, /^baked assertion: is JSON: /, (w, a) => { a[PNG].body = pngOf(itxt(w.hosted.id)); }],
    ['PNG: another image', PNG, 'baked image: is the image of the class', image(PNG, json => pngOf(itxt(json), chunk('gAMA', Buffer.alloc(4))))],
    ['PNG: a signature of another key', 'assertion/1s.png', /^signature: verifies: /, (w, a) => { a['assertion/1s.png'].body = pngOf(itxt(sign(w.signed, { key: keys.other }))); }],
    ['SVG: nothing baked', SVG, 'baked image: has an assertion', image(SVG, () => svgOf())],
    ['SVG: no namespace', SVG, 'baked image: is whole: SVG: xmlns:openbadges', (w, a) => { a[SVG].body = svgOf(svgAssertion(w.hosted.id, JSON.stringify(w.hosted)), ''); }],
    ['SVG: another prefix', SVG, 'baked image: is whole: SVG: the assertion is named ob:assertion', image(SVG, (json, svg) => svg.replaceAll('openbadges:', 'ob:').replace('xmlns:ob:', 'xmlns:'))],
    ['SVG: no verify', SVG, 'baked image: is whole: SVG: an assertion without verify', image(SVG, (json, svg) => svg.replace(/ verify="[^"]*"/, ''))],
    ['SVG: verify of another', SVG, /^baked image: verify: /, image(SVG, (json, svg) => svg.replace(/(verify="[^"]*)1\.json/, '$12.json'))],
    ['SVG: two', SVG, 'baked image: is whole: SVG: two assertions', (w, a) => { const one = svgAssertion(w.hosted.id, '{}'); a[SVG].body = svgOf(one + one); }],
    ['SVG: not the first', SVG, 'baked image: is whole: SVG: the assertion is not the first in the root', image(SVG, (json, svg) => svg.replace('<openbadges', '<g/><openbadges'))],
    ['SVG: deep within', SVG, 'baked image: is whole: SVG: the assertion is not the first in the root', image(SVG, (json, svg) => svg.replace('<openbadges', '<g><openbadges').replace('</openbadges:assertion>', '</openbadges:assertion></g>'))],
    ['SVG: ]]> within', SVG, /^baked image: is whole: SVG: /, image(SVG, (json, svg) => svg.replace(']]\\u003e', ']]>'))],
    ['SVG: text for CDATA', SVG, 'baked image: is whole: SVG: more than CDATA in the assertion', (w, a) => { a[SVG].body = svgOf('<openbadges:assertion verify="x">{}</openbadges:assertion>'); }],
    ['SVG: far from its start', SVG, 'baked image: Content-Type: image/svg+xml', image(SVG, (json, svg) => svg.replace('<svg', `<!--${'x'.repeat(260)}--><svg`))],
    ['SVG: a document type', SVG, /^baked image: is whole: SVG: not well formed/, image(SVG, (json, svg) => svg.replace('<svg', '<!DOCTYPE svg><svg'))],
    ['SVG: an entity', SVG, 'baked image: is whole: SVG: &nbsp;', image(SVG, (json, svg) => svg.replace('&amp;', '&nbsp;'))],
    ['SVG: cut off', SVG, /^baked image: is whole: SVG: /, image(SVG, (json, svg) => svg.slice(0, -9))],
    ['SVG: other words than are hosted', SVG, 'baked assertion: is what is hosted', (w, a) => { a[SVG].body = svgOf(svgAssertion(w.hosted.id, other(w))); }],
    ['SVG: a signature of another key', 'assertion/1s.svg', /^signature: verifies: /, (w, a) => { a['assertion/1s.svg'].body = svgOf(svgAssertion(sign(w.signed, { key: keys.other }))); }],
    ['SVG: another image', SVG, 'baked image: is the image of the class', (w, a) => {
        const bytes = JSON.stringify({ ...w.class, image: `${BASE}class/web.svg` });
        a[CLASS].body = bytes;
        a[SVG].body = a[SVG].body.replace('<rect', '<rect x="1"');
    }],
);

for (const change of changes) refuse(...change);
