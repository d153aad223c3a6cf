// A small issuer of badges, made here from nothing of credverify's: what a right
// one looks like to the check. Tests break one thing of it at a time.

import { createHash, createSign, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { deflateSync } from 'node:zlib';
import { crc32 } from './image.js';

export const BASE = 'https://badges.example/ob/';
export const RECIPIENT = 'jane@example.com';

const CONTEXT = 'https://w3id.org/openbadges/v2';
const SALT = '00112233445566778899aabbccddeeff';

const pair = modulusLength => generateKeyPairSync('rsa', {
    modulusLength, publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });

export const keys = { own: pair(2048), other: pair(2048), short: pair(1024) };

export const hash = (text, algorithm = 'sha256') =>
    `${algorithm}$${createHash(algorithm).update(text).digest('hex')}`;

const base64url = value => Buffer.from(value).toString('base64url');

export function sign(assertion, { header = { alg: 'RS256' }, key = keys.own } = {}) {
    const text = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(assertion))}`;
    return `${text}.${createSign('sha256').update(text).sign(key.privateKey, 'base64url')}`;
}

export function chunk(type, data) {
    const bytes = Buffer.concat([Buffer.alloc(4), Buffer.from(type), Buffer.from(data), Buffer.alloc(4)]);
    bytes.writeUInt32BE(data.length, 0);
    bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), bytes.length - 4);
    return bytes;
}

const png = {
    start: Buffer.from('89504e470d0a1a0a', 'hex'),
    header: chunk('IHDR', Buffer.from('00000001000000010800000000', 'hex')),
    data: chunk('IDAT', deflateSync(Buffer.alloc(2))),
    end: chunk('IEND', Buffer.alloc(0)),
};

export const itxt = (text, { keyword = 'openbadges', between = '\0\0\0\0\0', type = 'iTXt' } = {}) =>
    chunk(type, Buffer.from(keyword + between + text));

export const pngOf = (...chunks) => Buffer.concat([png.start, png.header, ...chunks, png.data, png.end]);

export const pngParts = png;

const escape = text => String(text).replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;');

export const svgOf = (inside = '', namespace = inside && ' xmlns:openbadges="http://openbadges.org"') =>
    `<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"${namespace} viewBox="0 0 9 9">`
    + `${inside}<title>Ünïcode &amp; co</title><rect width="9" height="9"/></svg>\n`;

export const svgAssertion = (verify, json) => `<openbadges:assertion verify="${escape(verify)}"`
    + (json === undefined ? '/>' : `><![CDATA[${json.replaceAll(']]>', ']]\\u003e')}]]></openbadges:assertion>`);

// Documents, which a test may change before they are served, and the answers of
// which they become part, which it may change as well

export class World {
    constructor() {
        const recipient = { type: 'email', hashed: true, salt: SALT, identity: hash(RECIPIENT + SALT) };
        const common = { '@context': CONTEXT, type: 'Assertion', recipient, badge: `${BASE}class/web.json`,
                         issuedOn: '2026-05-12T08:41:22Z', expires: '2126-05-12T23:59:59+00:00' };

        this.issuer = {
            '@context': CONTEXT, id: `${BASE}issuer.json`, type: 'Issuer', name: 'Académie 東京 "A&B"',
            url: 'https://badges.example/', email: 'hello@badges.example', description: 'Two\nlines',
            image: 'https://elsewhere.example/logo.png', publicKey: `${BASE}key/1.json`,
            revocationList: `${BASE}revocations.json`,
        };
        this.class = {
            '@context': CONTEXT, id: `${BASE}class/web.json`, type: 'BadgeClass', name: 'Web ]]> <b>',
            description: 'd', image: `${BASE}class/web.png`, criteria: { narrative: 'Pass.' },
            issuer: `${BASE}issuer.json`, tags: ['web'],
            alignment: [{ targetName: 'T', targetUrl: 'https://targets.example/a?b=%20c' }],
        };
        this.hosted = {
            ...common, id: `${BASE}assertion/1.json`, verification: { type: 'HostedBadge' },
            narrative: 'N ]]> "q"', evidence: [{ id: 'https://e.example/1', narrative: 'é' }],
        };
        this.signed = {
            ...common, id: `${BASE}assertion/1.jws`,
            verification: { type: 'SignedBadge', creator: `${BASE}key/1.json` },
        };
        this.key = { '@context': CONTEXT, id: `${BASE}key/1.json`, type: 'CryptographicKey',
                     owner: `${BASE}issuer.json`, publicKeyPem: keys.own.publicKey };
        this.revocations = { '@context': CONTEXT, id: `${BASE}revocations.json`, type: 'RevocationList',
                             issuer: `${BASE}issuer.json`,
                             revokedAssertions: [`${BASE}assertion/2.jws`, `${BASE}assertion/2.json`] };
        this.revoked = { '@context': CONTEXT, id: `${BASE}assertion/2.json`, revoked: true };
        this.signature = {};
    }

    answers() {
        const json = (document, status = 200) =>
            ({ status, type: 'application/ld+json; charset=utf-8', body: JSON.stringify(document), vary: 'Accept' });
        const jws = this.jws || sign(this.signed, this.signature);
        const hosted = JSON.stringify(this.hosted);

        return {
            'issuer.json': json(this.issuer),
            'class/web.json': json(this.class),
            'class/web.png': { type: 'image/png', body: pngOf() },
            'class/web.svg': { type: 'image/svg+xml', body: svgOf() },
            'assertion/1.json': json(this.hosted),
            'assertion/1.jws': { type: 'application/jose', body: jws },
            'assertion/1.png': { type: 'image/png', body: pngOf(itxt(hosted)) },
            'assertion/1.svg': { type: 'image/svg+xml', body: svgOf(svgAssertion(this.hosted.id, hosted)) },
            'assertion/1s.png': { type: 'image/png', body: pngOf(itxt(jws)) },
            'assertion/1s.svg': { type: 'image/svg+xml', body: svgOf(svgAssertion(jws)) },
            'assertion/2.json': json(this.revoked, 410),
            'assertion/3.json': { status: 404, type: 'application/problem+json', body: '{"status":404}' },
            'key/1.json': json(this.key),
            'key/2.json': json({ ...this.key, id: `${BASE}key/2.json`, publicKeyPem: keys.other.publicKey }),
            'revocations.json': json(this.revocations),
        };
    }
}

// A server on the loopback interface of what "shelf.answers" has at the moment.

export function serve(shelf) {
    const server = createServer((request, response) => {
        const answer = shelf.answers[request.url.replace(/^\/ob\//, '')] || { status: 404, type: 'text/html', body: '' };
        const like = request.headers.accept;
        const body = Buffer.from(answer.fickle && like === 'image/png' ? `${answer.body} ` : answer.body);
        const tag = `"${hash(body).slice(7, 23)}"`;
        const fields = { ETag: tag, 'Access-Control-Allow-Origin': '*', 'Content-Type': answer.type,
                         Vary: answer.vary, 'Content-Length': body.length, ...answer.headers };

        if (answer.location) {
            fields.Location = answer.location;
        } else if (/ld\+json/.test(answer.type) && like === 'application/json' && !answer.deaf) {
            fields['Content-Type'] = 'application/json';
        }

        const same = request.headers['if-none-match'] === tag && !answer.forgetful;

        if (answer.forBrowsers?.test(like)) fields['Content-Type'] = 'text/html';
        if (same || (answer.headless && request.method === 'HEAD')) delete fields['Content-Length'];
        for (const name of Object.keys(fields)) fields[name] ?? delete fields[name];

        response.writeHead(same ? 304 : answer.status || 200, fields);
        response.end(same || request.method === 'HEAD' ? '' : body);
    });

    return new Promise(ready => server.listen(0, '127.0.0.1', () => ready({
        address: `http://127.0.0.1:${server.address().port}/ob/`,
        close: () => { server.close(); server.closeAllConnections(); },
    })));
}
