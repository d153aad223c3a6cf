// PNG and SVG as far as badges need them: read without any library, whole, and
// with nothing forgiven.

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const KEYWORD = Buffer.from('openbadges\0');
const NAMESPACE = 'http://openbadges.org';

const CRC = Array.from({ length: 256 }, (_, n) => {
    for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    return n >>> 0;
});

export function crc32(bytes) {
    let crc = 0xffffffff;
    for (const byte of bytes) crc = CRC[(crc ^ byte) & 0xff] ^ (crc >>> 8);
    return (crc ^ 0xffffffff) >>> 0;
}

export function typeOf(bytes) {
    if (bytes.subarray(0, 8).equals(SIGNATURE)) return 'image/png';

    // readers look no further than this

    return bytes.subarray(0, 256).includes('<svg') ? 'image/svg+xml' : undefined;
}

// {text, rest}: what is baked into an image, undefined if nothing is, and the
// image without it. "verify" is an SVG's attribute. Throws what is wrong.

export function unbake(bytes) {
    switch (typeOf(bytes)) {
    case 'image/png': return unbakePng(bytes);
    case 'image/svg+xml': return unbakeSvg(bytes);
    default: throw new Error('neither PNG nor SVG');
    }
}

function unbakePng(bytes) {
    const rest = [bytes.subarray(0, 8)];
    let at = 8, number = 0, text, type;

    while (type !== 'IEND') {
        if (at + 12 > bytes.length) throw new Error('PNG: ends within a chunk');

        const end = at + 12 + bytes.readUInt32BE(at);
        if (end > bytes.length) throw new Error('PNG: ends within a chunk');

        const chunk = bytes.subarray(at, end);
        const data = chunk.subarray(8, -4);
        type = chunk.toString('latin1', 4, 8);

        if (crc32(chunk.subarray(4, -4)) !== chunk.readUInt32BE(chunk.length - 4)) {
            throw new Error(`PNG: CRC of chunk ${type}`);
        }

        if ((number === 0) !== (type === 'IHDR')) throw new Error('PNG: IHDR is not the first chunk');

        if (/^(?:iTXt|tEXt|zTXt)$/.test(type) && data.subarray(0, KEYWORD.length).equals(KEYWORD)) {
            if (text !== undefined) throw new Error('PNG: two chunks openbadges');
            if (number !== 1) throw new Error('PNG: openbadges does not follow IHDR');
            text = textOf(type, data);
        } else {
            rest.push(chunk);
        }

        at = end;
        number++;
    }

    if (at !== bytes.length) throw new Error('PNG: bytes after its end');

    return { text, rest: Buffer.concat(rest) };
}

function textOf(type, data) {
    if (type !== 'iTXt') throw new Error(`PNG: openbadges is in ${type}, not in iTXt`);
    if (data[11] !== 0 || data[12] !== 0) throw new Error('PNG: openbadges is compressed');
    if (data[13] !== 0 || data[14] !== 0) throw new Error('PNG: openbadges has a language or a translated keyword');

    return utf8(data.subarray(15));
}

function utf8(bytes) {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

// An assertion is the first thing in the root, in the one form that every reader
// finds: with this prefix, which the root declares.

function unbakeSvg(bytes) {
    const source = utf8(bytes);
    const nodes = xml(source);
    const [root, first, ...others] = nodes.filter(n => n.what !== 'prolog');
    const baked = nodes.filter(n => /(?:^|:)assertion$/.test(n.name || '') || n.attributes?.has('verify'));

    if (root.name !== 'svg') throw new Error(`SVG: its root is ${root.name}`);
    if (baked.length === 0) return { text: undefined, rest: bytes };
    if (baked.length > 1) throw new Error('SVG: two assertions');
    if (baked[0] !== first) throw new Error('SVG: the assertion is not the first in the root');
    if (first.name !== 'openbadges:assertion') throw new Error(`SVG: the assertion is named ${first.name}`);
    if (root.attributes.get('xmlns:openbadges') !== NAMESPACE) throw new Error('SVG: xmlns:openbadges');

    const verify = first.attributes.get('verify');
    if (verify === undefined) throw new Error('SVG: an assertion without verify');

    const within = first.empty ? [] : others.slice(0, others.findIndex(n => n.what === 'end'));
    if (within.some(n => n.what !== 'cdata')) throw new Error('SVG: more than CDATA in the assertion');

    const end = first.empty ? first.end : others[within.length].end;
    const declared = / xmlns:openbadges="http:\/\/openbadges\.org"/;
    const rest = source.slice(0, root.end).replace(declared, '')
               + source.slice(root.end, first.start) + source.slice(end);

    return { text: within.length ? within.map(n => n.text).join('') : verify, verify, rest: Buffer.from(rest) };
}

const NAME = '[A-Za-z_:][\\w:.-]*';
const TOKEN = new RegExp([
    '(?<comment><!--(?:(?!--)[^])*-->)',
    '(?<declaration><\\?xml [^<]*?\\?>)',
    '<!\\[CDATA\\[(?<cdata>(?:(?!\\]\\]>)[^])*)\\]\\]>',
    `<(?<open>${NAME})(?<attributes>(?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(?<empty>/?)>`,
    `</(?<close>${NAME})\\s*>`,
    '(?<text>[^<]+)',
].join('|'), 'y');
const ATTRIBUTE = new RegExp(`(${NAME})\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, 'g');
const ENTITIES = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescape(text) {
    return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));|&/gi, (all, hex, decimal, name) => {
        if (hex || decimal) return String.fromCodePoint(hex ? parseInt(hex, 16) : Number(decimal));
        if (!name || !(name in ENTITIES)) throw new Error(`SVG: ${all}`);
        return ENTITIES[name];
    });
}

function attributesOf(text) {
    const found = new Map();

    for (const [, name, double, single] of text.matchAll(ATTRIBUTE)) {
        if (found.has(name)) throw new Error(`SVG: attribute ${name} twice`);
        found.set(name, unescape(double ?? single));
    }

    return found;
}

// The parts of an XML text in their order: well formed, without a document type.
// What is outside of the root is "prolog".

function xml(source) {
    const nodes = [];
    const open = [];
    let roots = 0;

    TOKEN.lastIndex = source.charCodeAt(0) === 0xfeff ? 1 : 0;

    while (TOKEN.lastIndex < source.length) {
        const start = TOKEN.lastIndex;
        const found = TOKEN.exec(source)?.groups;

        if (!found) throw new Error(`SVG: not well formed at ${start}: ${source.slice(start, start + 20)}`);

        const node = { start, end: TOKEN.lastIndex };
        const outside = open.length === 0 && !found.open;

        if (found.declaration && start > 1) throw new Error('SVG: an XML declaration within');
        if (outside && (found.cdata !== undefined || found.text?.trim())) throw new Error('SVG: text outside of the root');

        if (found.open) {
            if (open.length === 0 && roots++) throw new Error('SVG: two roots');
            if (!found.empty) open.push(found.open);
            Object.assign(node, { what: 'start', name: found.open, empty: found.empty !== '',
                                  attributes: attributesOf(found.attributes) });
        } else if (found.close) {
            if (open.pop() !== found.close) throw new Error(`SVG: </${found.close}> closes nothing`);
            node.what = 'end';
        } else if (found.cdata !== undefined) {
            Object.assign(node, { what: 'cdata', text: found.cdata });
        } else {
            node.what = outside ? 'prolog' : found.text ? 'text' : 'comment';
            if (found.text) unescape(found.text);
        }

        nodes.push(node);
    }

    if (open.length || !roots) throw new Error('SVG: ends within its root');

    return nodes;
}
