// The rules by which a badge is taken or refused. They follow from the standard
// and from what readers of badges are known to do; nothing here knows how
// credverify makes what it serves.

import { createHash, createPublicKey } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { compactVerify, importSPKI } from 'jose';
import { keywords, nulls, parse, texts, violations } from './documents.js';
import { typeOf, unbake } from './image.js';

const DOCUMENT_TYPES = ['application/ld+json', 'application/json'];
const JWS_FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/;

const listOf = value => value === undefined ? [] : Array.isArray(value) ? value : [value];
const idOf = value => typeof value === 'object' ? value.id : value;

// One check of one badge, or of one document. "recipient" is whose badge it must be, "secrets"
// are texts that nothing may show, "expired" is whether it must be so, and "manners" is whether each document is asked for in every
// way there is. What is wrong is in "broken", what was looked at in "rules".

export class Check {
    constructor(web, { recipient, secrets = [], expired = false, manners = true, now = Date.now(),
                       cache = new Map() } = {}) {
        const hidden = [recipient, ...secrets].filter(Boolean).map(s => s.toLowerCase());
        Object.assign(this, { web, recipient, hidden, expired, manners, now, cache, rules: [], broken: [] });
    }

    rule(name, holds, why) {
        this.rules.push({ name, holds: Boolean(holds), why });
        if (!holds) this.broken.push(why ? `${name}: ${why}` : name);
        return Boolean(holds);
    }

    // The result of what may throw; undefined if it did, and then the rule is broken.

    attempt(name, what) {
        try {
            const value = what();
            this.rule(name, true);
            return value;
        } catch (error) {
            this.rule(name, false, error.message);
            return undefined;
        }
    }

    async fetch(kind, url, options) {
        try {
            return await this.web.get(url, options);
        } catch (error) {
            this.rule(`${kind}: is answered`, false, error.message);
            return undefined;
        }
    }

    // What a URL leads to: a document, a signature or an image, with a badge in it

    async badge(url) {
        const answer = await this.fetch('badge', url);
        if (!answer) return;

        if (answer.type.startsWith('image/')) {
            await this.baked(url, answer);
        } else if (answer.type === 'application/jose') {
            await this.signed(url, answer);
        } else {
            await this.hosted(url, answer);
        }
    }

    async hosted(url, answer) {
        const assertion = await this.document('assertion', url, { answer });
        if (assertion) await this.assertion(assertion, 'HostedBadge');
    }

    async signed(url, answer) {
        this.rule('signature: is answered', answer.status === 200, answer.status);
        this.rule('signature: CORS', answer.header('access-control-allow-origin') === '*');
        await this.jws(answer.bytes.toString('latin1'), url);
        if (this.manners) await this.head('signature', url, answer);
    }

    // One document by its URL, which is cached: hundreds of badges have one issuer.

    async document(kind, url, { answer, schema = kind, status = 200, id = url } = {}) {
        const known = `${schema} ${url}`;
        if (this.cache.has(known)) return this.cache.get(known);

        answer ||= await this.fetch(kind, url);
        if (!answer) return undefined;
        if (!this.rule(`${kind}: is answered`, answer.status === status, answer.status)) return undefined;

        const document = this.content(kind, answer.bytes, schema);

        this.rule(`${kind}: Content-Type`, answer.type === DOCUMENT_TYPES[0], answer.type);

        // a reader that is not told takes a guess

        this.rule(`${kind}: charset`, answer.parameters.includes('charset=utf-8'),
                  answer.parameters.join('; '));

        if (document) this.rule(`${kind}: id is its URL`, document.id === id, document.id);
        if (this.manners) await this.negotiated(kind, url, answer);
        if (!this.broken.length) this.cache.set(known, document);

        return document;
    }

    // A document that came from anywhere

    content(kind, bytes, schema = kind) {
        const document = this.attempt(`${kind}: is JSON`, () => parse(bytes));
        if (!document) return undefined;

        const empty = nulls(document);
        const names = keywords(document);
        const wrong = violations(schema, document);
        const shown = texts(document).filter(t => this.hidden.some(h => t.toLowerCase().includes(h)));

        this.rule(`${kind}: has no null`, empty.length === 0, empty.join(', '));
        this.rule(`${kind}: has no name of JSON-LD's`, names.length === 0, names.join(', '));
        this.rule(`${kind}: discloses nothing`, shown.length === 0, shown.join(', '));

        return this.rule(`${kind}: members and types`, wrong.length === 0, wrong.join('; ')) ? document : undefined;
    }

    // Readers differ in what they ask for, and all are to get a document.

    async negotiated(kind, url, answer) {
        const asked = [['application/json', ['application/json']],
                       ['text/html,application/xhtml+xml,*/*;q=0.8', DOCUMENT_TYPES],
                       ['image/png', DOCUMENT_TYPES]];

        for (const [accept, types] of asked) {
            const other = await this.fetch(kind, url, { headers: { Accept: accept } });
            if (!other) return;
            this.rule(`${kind}: Accept: ${accept}`, other.status === answer.status && types.includes(other.type),
                      `${other.status} ${other.type}`);
            this.rule(`${kind}: is the same for all`, other.bytes.equals(answer.bytes));
        }

        this.rule(`${kind}: Vary`, /\baccept\b/i.test(answer.header('vary') || ''), answer.header('vary'));
        this.rule(`${kind}: CORS`, answer.header('access-control-allow-origin') === '*');
        await this.head(kind, url, answer);
    }

    async head(kind, url, answer) {
        const head = await this.fetch(kind, url, { method: 'HEAD' });
        if (!head) return;

        this.rule(`${kind}: HEAD`, head.status === answer.status && head.type === answer.type
                  && head.header('etag') === answer.header('etag') && head.bytes.length === 0
                  && Number(head.header('content-length')) === answer.bytes.length,
                  `${head.status} ${head.type} ${head.header('content-length')}`);

        if (answer.status !== 200) return;

        const tag = answer.header('etag') || 'none';
        const same = await this.fetch(kind, url, { headers: { 'If-None-Match': tag } });
        if (!same) return;

        this.rule(`${kind}: 304`, same.status === 304 && same.bytes.length === 0
                  && same.header('access-control-allow-origin') === '*', same.status);
    }

    // What an assertion says, and all that it leads to

    async assertion(assertion, how) {
        const { verification, recipient, issuedOn, expires } = assertion;
        const issued = Date.parse(issuedOn);

        this.rule('assertion: verification', verification.type === how, verification.type);
        this.rule('assertion: recipient is hashed', recipient.hashed && recipient.type === 'email');
        this.rule('assertion: is not issued in the future', issued <= this.now, issuedOn);
        this.rule('assertion: expires after it is issued', !expires || Date.parse(expires) > issued, expires);
        this.rule(`assertion: is ${this.expired ? '' : 'not '}expired`,
                  Date.parse(expires) <= this.now === this.expired, expires);

        if (recipient.hashed) this.recipientOf(recipient);

        const badgeClass = await this.document('class', idOf(assertion.badge));
        if (!badgeClass) return undefined;
        const issuer = await this.document('issuer', idOf(badgeClass.issuer));
        if (!issuer) return undefined;

        this.rule('issuer: has one key at most', listOf(issuer.publicKey).length <= 1);

        await this.image('class image', badgeClass.image);
        await this.image('issuer image', issuer.image);
        await this.image('assertion image', assertion.image);

        if (how === 'HostedBadge') this.scope(assertion.id, issuer);

        return issuer;
    }

    recipientOf({ identity, salt = '' }) {
        const [algorithm, hash] = identity.split('$');

        this.rule('assertion: recipient is hashed well', algorithm === 'sha256' && salt.length >= 16
                  && hash === hash.toLowerCase(), identity);
        if (!this.recipient) return;

        const wanted = createHash(algorithm).update(this.recipient + salt).digest('hex');
        this.rule('assertion: recipient', hash.toLowerCase() === wanted, identity);
    }

    // Where an issuer's hosted assertions may be

    scope(id, issuer) {
        const { startsWith, allowedOrigins } = issuer.verification || {};
        const url = new URL(id);

        if (startsWith) this.rule('assertion: startsWith', id.startsWith(startsWith), startsWith);

        this.rule('assertion: origin', allowedOrigins ? listOf(allowedOrigins).includes(url.hostname)
                  : url.origin === new URL(issuer.id).origin, id);
    }

    // An image that is not ours cannot be asked for.

    async image(kind, image) {
        const url = idOf(image);
        if (url === undefined || url.startsWith('data:') || !this.web.has(url)) return undefined;
        if (this.cache.has(url)) return this.cache.get(url);

        const answer = await this.fetch(kind, url);
        if (!answer || !this.rule(`${kind}: is answered`, answer.status === 200, answer.status)) return undefined;

        const found = this.picture(kind, answer);
        const bytes = found && answer.bytes;

        if (kind === 'class image') this.rule(`${kind}: nothing is baked into it`, found?.text === undefined);
        if (this.manners) await this.head(kind, url, answer);
        if (found) this.cache.set(url, bytes);

        return bytes;
    }

    picture(kind, answer) {
        const type = typeOf(answer.bytes);

        this.rule(`${kind}: Content-Type`, type === answer.type, answer.type);
        this.rule(`${kind}: CORS`, answer.header('access-control-allow-origin') === '*');

        return this.attempt(`${kind}: is whole`, () => unbake(answer.bytes));
    }

    // An image with a badge in it, from an URL or a file: with the very assertion that is hosted or signed,
    // and else just the image of the class

    async baked(url, answer) {
        if (!this.rule('baked image: is answered', answer.status === 200, answer.status)) return;

        const found = this.picture('baked image', answer);
        if (!found || !this.rule('baked image: has an assertion', found.text !== undefined)) return;

        if (this.manners && url) await this.head('baked image', url, answer);

        const assertion = JWS_FORM.test(found.text) ? await this.jws(found.text)
                                                    : await this.bakedDocument(found);
        if (!assertion) return;

        const badgeClass = await this.document('class', idOf(assertion.badge));
        const image = badgeClass && await this.image('class image', badgeClass.image);

        if (image && typeOf(image) === answer.type) {
            this.rule('baked image: is the image of the class', found.rest.equals(image));
        }
    }

    async bakedDocument({ text, verify }) {
        const inside = this.content('baked assertion', Buffer.from(text), 'assertion');
        if (!inside) return undefined;

        if (verify !== undefined) this.rule('baked image: verify', verify === inside.id, verify);

        const hosted = await this.document('assertion', inside.id);
        if (!hosted) return undefined;

        this.rule('baked assertion: is what is hosted', isDeepStrictEqual(inside, hosted));
        await this.assertion(hosted, 'HostedBadge');

        return hosted;
    }

    // A signed assertion. "id" is what its id must be, if that is known.

    async jws(text, id) {
        if (!this.rule('signature: form', JWS_FORM.test(text) && !text.endsWith('\n'))) return undefined;

        const [header, payload] = text.split('.', 2).map(part => Buffer.from(part, 'base64url'));
        const head = this.attempt('signature: header', () => parse(header));
        const assertion = this.content('assertion', payload);
        if (!head || !assertion) return undefined;

        this.rule('signature: alg', head.alg === 'RS256', head.alg);
        this.rule('signature: crit', head.crit === undefined && head.b64 === undefined);
        this.rule('assertion: id is its URL', id === undefined || assertion.id === id, assertion.id);

        const issuer = await this.assertion(assertion, 'SignedBadge');

        if (issuer && assertion.verification.creator) {
            await this.key(text, head, assertion.verification.creator, issuer);
            await this.revocation(assertion.id, issuer);
        }

        return assertion;
    }

    async key(text, head, creator, issuer) {
        const key = await this.document('key', creator);
        if (!key) return;

        this.rule('key: is its issuer\'s', key.owner === issuer.id, key.owner);
        this.rule('key: is listed by its issuer', listOf(issuer.publicKey).includes(key.id), creator);
        this.rule('signature: kid', !/^https?:/.test(head.kid) || head.kid === creator, head.kid);

        const made = this.attempt('key: is a public key', () => createPublicKey(key.publicKeyPem));
        if (!made) return;

        this.rule('key: RSA of 2048 bits or more', made.asymmetricKeyType === 'rsa'
                  && made.asymmetricKeyDetails.modulusLength >= 2048);

        try {
            await compactVerify(text, await importSPKI(key.publicKeyPem, 'RS256'), { algorithms: ['RS256'] });
            this.rule('signature: verifies', true);
        } catch (error) {
            this.rule('signature: verifies', false, error.message);
        }
    }

    async revocation(id, issuer) {
        if (!this.rule('issuer: has a revocation list', issuer.revocationList)) return;

        const list = await this.document('revocations', issuer.revocationList);
        if (!list) return;

        const ids = list.revokedAssertions.map(idOf);

        this.rule('revocations: issuer', list.issuer === issuer.id, list.issuer);
        this.rule('assertion: is not revoked', !ids.includes(id), id);

        // a list of one is a value without its list to readers that compact JSON-LD

        this.rule('revocations: none or several', ids.length !== 1);
    }

    // What is left of a revoked one, which may be asked for as an image of that id, and
    // of one that is not for the public

    async gone(url, id = url) {
        const answer = await this.fetch('revoked', url);
        if (answer) await this.document('revoked', url, { answer, status: 410, id });
    }

    async missing(url) {
        const answer = await this.fetch('missing', url);
        if (!answer) return;

        const body = answer.bytes.toString().toLowerCase();

        this.rule('missing: is answered', answer.status === 404, answer.status);
        this.rule('missing: Content-Type', answer.type !== 'text/html', answer.type);
        this.rule('missing: CORS', answer.header('access-control-allow-origin') === '*');
        this.rule('missing: discloses nothing', !this.hidden.some(h => body.includes(h)));
    }
}
