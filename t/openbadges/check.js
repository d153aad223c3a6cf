#!/usr/bin/env node
//
// Checks Open Badges 2.0 from the outside, and prints TAP: USAGE says how.

import { readFileSync } from 'node:fs';
import { getSystemErrorMap, parseArgs } from 'node:util';
import { Check } from './badge.js';
import { typeOf } from './image.js';
import { Web } from './web.js';

const USAGE = `Usage: check.js [OPTION]... BADGE...

Checks Open Badges 2.0 from the outside, and prints TAP. The status is 0 if all
is as it should be, 1 if not, and 2 if that could not be found out.

A badge is the URL of an assertion or of an image with one in it, or a file
that has an image or a signature.

Options:
  --at ID=ADDRESS      what has an id that begins with ID is asked for at ADDRESS
  --recipient MAIL     whose badge it must be
  --expect WHAT        "valid", "expired", "revoked" or "missing"; valid
  --secret TEXT        what nothing may show; more than one may be given
  --list FILE          many at once: a JSON object a line, with "badge" and as
                       members what may be options, "document" for the kind of a
                       document that is looked at alone, or "id" for that of a
                       revoked one that is asked for as an image; one test each
  --help               say this
`;

function fail(why) {
    console.error(`check.js: ${why}`);
    process.exit(2);
}

function read(file) {
    try {
        return readFileSync(file);
    } catch (error) {
        fail(`${file}: ${getSystemErrorMap().get(error.errno)?.[1] ?? error.message}`);
    }
}

function given() {
    try {
        return parseArgs({
            allowPositionals: true,
            options: {
                at: { type: 'string', default: '' },
                recipient: { type: 'string' },
                expect: { type: 'string', default: 'valid' },
                secret: { type: 'string', multiple: true, default: [] },
                list: { type: 'string' },
                help: { type: 'boolean' },
            },
        });
    } catch (error) {
        fail(`${error.message.split(/[.\n]/, 1)[0]}; see "check.js --help"`);
    }
}

const { values: options, positionals } = given();

if (options.help) {
    console.log(USAGE.trimEnd());
    process.exit(0);
}

if (!positionals.length && options.list === undefined) fail('BADGE is expected; see "check.js --help"');

const web = new Web(...options.at.split('=', 2));
const cache = new Map();
let tests = 0;
let failed = 0;

function ok(holds, name, why = []) {
    if (!holds) failed++;
    console.log(`${holds ? '' : 'not '}ok ${++tests} - ${name.replaceAll('#', '\\#')}`);
    for (const line of why) console.log(`#   ${line.replaceAll('\n', '\n#   ')}`);
}

async function look(check, badge, { expect, document, id }) {
    if (expect === 'revoked') return check.gone(badge, id);
    if (expect === 'missing') return check.missing(badge);
    if (!/^(?:valid|expired)$/.test(expect)) fail(`--expect: "${expect}" is not known; see "check.js --help"`);
    if (document) return check.document(document, badge);
    if (/^https?:/.test(badge)) return check.badge(badge);

    const bytes = read(badge);
    const answer = { status: 200, type: typeOf(bytes), bytes, header: () => '*' };

    return answer.type ? check.baked(undefined, answer) : check.jws(bytes.toString('latin1'));
}

async function one(badge) {
    const check = new Check(web, { recipient: options.recipient, secrets: options.secret,
                                   expired: options.expect === 'expired' });

    await look(check, badge, options);
    for (const { name, holds, why } of check.rules) ok(holds, name, holds || !why ? [] : [String(why)]);
    ok(check.rules.length > 0, badge);
}

function object(line) {
    try {
        return JSON.parse(line);
    } catch (error) {
        fail(`${options.list}: ${error.message.split('\n', 1)[0]}`);
    }
}

// What is common to many badges is asked for in all ways the first time.

async function listed(line) {
    const entry = { ...options, ...object(line) };
    const check = new Check(web, { recipient: entry.recipient, secrets: [...options.secret, ...entry.secret],
                                   expired: entry.expect === 'expired', manners: entry.manners, cache });

    await look(check, entry.badge, entry);
    ok(check.broken.length === 0,
       `${entry.badge} ${entry.note || (entry.expect === 'valid' ? entry.document || '' : entry.expect)}`, check.broken);
}

for (const badge of positionals) await one(badge);

if (options.list !== undefined) {
    const lines = read(options.list).toString().split('\n').filter(Boolean);
    for (const line of lines) await listed(line);
}

console.log(`1..${tests}`);
process.exitCode = failed || !tests ? 1 : 0;
