// JSON documents: read as strictly as any reader might, and held against the
// schemas, which are written from the tables of the Open Badges 2.0 standard.

import { readFileSync, readdirSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';

const folder = new URL('schemas/', import.meta.url);

// RFC 3986: what stands in a URL, with no letter that would have to be escaped

const PLAIN = "[\\w.~!$&'()*+,;=-]|%[\\dA-F]{2}";
const URL_FORM = new RegExp(`^https?://(?:(?:${PLAIN}|:)*@)?`
    + `(?:(?:${PLAIN})+|\\[[\\dA-F:.]+\\])(?::\\d*)?`
    + `(?:/(?:${PLAIN}|[:@/])*)?(?:\\?(?:${PLAIN}|[:@/?])*)?(?:#(?:${PLAIN}|[:@/?])*)?$`, 'i');
const UUID_FORM = /^urn:uuid:[\da-f]{8}-[\da-f]{4}-[1-5][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i;
const DATE_FORM = new RegExp('^(\\d{4})-(\\d\\d)-(\\d\\d)'
    + 'T(\\d\\d):(\\d\\d)(?::(\\d\\d)(?:[.,]\\d+)?)?'
    + '(?:Z|[+-](\\d\\d)(?::?(\\d\\d))?)$');

const isUrl = text => URL_FORM.test(text);
const isIri = text => UUID_FORM.test(text) || isUrl(text);
const isImage = text => isUrl(text) || /^data:image\/(?:png|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}$/.test(text);

// ISO 8601, with time and zone; a leap second is not read everywhere

function isDateTime(text) {
    const [found, ...parts] = DATE_FORM.exec(text) || [];
    if (!found) return false;

    const [year, month, day, hour, minute, second, zoneHour, zoneMinute]
        = parts.map(part => Number(part || 0));
    const last = new Date(Date.UTC(year, month, 0)).getUTCDate();

    return month >= 1 && month <= 12 && day >= 1 && day <= last
        && hour <= 23 && minute <= 59 && second <= 59
        && zoneHour <= 23 && zoneMinute <= 59;
}

const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });

ajv.addFormat('iri', isIri);
ajv.addFormat('http-url', isUrl);
ajv.addFormat('image', isImage);
ajv.addFormat('datetime', isDateTime);
ajv.addFormat('identity-hash', /^(?:sha256\$[\dA-Fa-f]{64}|md5\$[\dA-Fa-f]{32})$/);
ajv.addFormat('email', /^[^@\s]+@[^@\s]+$/);
ajv.addFormat('telephone', /^\+?[1-9]\d{1,14}(?:;ext=\d+)?$/);
ajv.addFormat('hostname', /^(?:[a-z\d](?:[a-z\d-]*[a-z\d])?\.)+[a-z]{2,63}$/i);
ajv.addFormat('language', /^[a-z]{2,8}(?:-[a-z\d]{1,8})*$/i);

for (const file of readdirSync(folder)) {
    ajv.addSchema(JSON.parse(readFileSync(new URL(file, folder), 'utf8')));
}

// What the schema of that name says against a document, a line each.

export function violations(name, document) {
    const valid = ajv.getSchema(name);

    if (valid(document)) return [];

    return valid.errors.map(e => `${e.instancePath || '/'} ${e.message}`
        + (e.params.allowedValue === undefined ? '' : ` ${JSON.stringify(e.params.allowedValue)}`)
        + (e.params.additionalProperty ? ` ${e.params.additionalProperty}` : ''));
}

// The document in these bytes: UTF-8 without a mark, JSON in which no object has
// a member twice. Throws what is wrong.

export function parse(bytes) {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const document = JSON.parse(text);
    const twice = memberTwice(text);

    if (twice !== undefined) throw new Error(`member ${twice} is there twice`);
    if (document === null || typeof document !== 'object' || Array.isArray(document)) {
        throw new Error('not an object');
    }

    return document;
}

// Of text that JSON.parse takes: the first name that an object has twice.

function memberTwice(text) {
    const open = [];

    for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}]/g)) {
        if (token === '{') {
            open.push(new Set());
        } else if (token === '}') {
            open.pop();
        } else if (token.endsWith(':')) {
            const name = JSON.parse(token.slice(0, -1));
            if (open.at(-1).has(name)) return name;
            open.at(-1).add(name);
        }
    }

    return undefined;
}

// Where a document has null, which is a value that JSON-LD throws away.

export function nulls(value, path = '') {
    if (value === null) return [path || '/'];
    if (typeof value !== 'object') return [];
    return Object.entries(value).flatMap(([name, member]) => nulls(member, `${path}/${name}`));
}

// Where a document has a name of JSON-LD's own, which changes what others mean: at
// its top there may be two.

export function keywords(value, path = '') {
    if (value === null || typeof value !== 'object') return [];
    return Object.entries(value).flatMap(([name, member]) =>
        (name.startsWith('@') && !(path === '' && /^@(?:context|language)$/.test(name)) ? [`${path}/${name}`] : [])
            .concat(keywords(member, `${path}/${name}`)));
}

// All texts in a document: names and values.

export function texts(value) {
    if (typeof value === 'string') return [value];
    if (value === null || typeof value !== 'object') return [];
    return Object.entries(value).flatMap(([name, member]) => [name, ...texts(member)]);
}
