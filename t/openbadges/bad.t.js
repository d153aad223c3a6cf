// The check itself: it takes a right world, and refuses each wrong one for what
// is wrong with it.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Check } from './badge.js';
import { bad } from './bad.js';
import { crc32 } from './image.js';
import { Web } from './web.js';
import { BASE, RECIPIENT, World, serve } from './world.js';

const shelf = { answers: {} };
const server = await serve(shelf);
const web = new Web(BASE, server.address);
let tests = 0;

function ok(holds, name, why = []) {
    console.log(`${holds ? '' : 'not '}ok ${++tests} - ${name.replaceAll('#', '\\#')}`);
    if (!holds) for (const line of why) console.log(`#   ${line}`);
}

async function broken(url, options) {
    const check = new Check(web, { recipient: RECIPIENT, ...options });

    if (url === 'assertion/2.json') {
        await check.gone(BASE + url);
    } else if (url === 'assertion/3.json') {
        await check.missing(BASE + url);
    } else {
        await check.badge(BASE + url);
    }

    return check;
}

// what CRC-32 is, of others: else maker and reader of images might both be wrong

ok(crc32(Buffer.from('123456789')) === 0xcbf43926, 'CRC-32');

const right = [
    ['a right world', () => {}],
    ['class with an SVG', w => { w.class.image = `${BASE}class/web.svg`; }],
    ['a list of one key', w => { w.issuer.publicKey = [`${BASE}key/1.json`]; }],
    ['never expires', w => { delete w.hosted.expires; delete w.signed.expires; }],
    ['signature with kid', w => { w.signature.header = { alg: 'RS256', kid: `${BASE}key/1.json` }; }],
    ['criteria as a URL', w => { w.class.criteria = 'https://c.example/%C3%A9?q=1#f'; }],
    ['type as a list', w => { w.hosted.type = ['Assertion', 'Extension']; }],
    ['unknown members', w => { w.hosted.more = w.class.more = w.issuer.more = { a: [1] }; }],
    ['only what is required', w => {
        for (const member of ['expires', 'narrative', 'evidence']) delete w.hosted[member];
        for (const member of ['tags', 'alignment']) delete w.class[member];
        for (const member of ['description', 'image']) delete w.issuer[member];
    }],
    ['nothing is revoked', w => { w.revocations.revokedAssertions = []; }],
    ['startsWith', w => { w.issuer.verification = { startsWith: BASE }; }],
    ['allowedOrigins', w => { w.issuer.verification = { allowedOrigins: 'badges.example' }; }],
    ['an issuer that moved', (w, a) => { a['new.json'] = a['issuer.json']; a['issuer.json'] = { status: 302, type: 'text/plain', body: '', location: `${BASE}new.json` }; }],
];
const urls = ['1.json', '1.jws', '1.png', '1.svg', '1s.png', '1s.svg', '2.json', '3.json'].map(name => `assertion/${name}`);
const rules = new Set();
const refused = new Set();

for (const [name, change] of right) {
    const world = new World();
    if (change.length < 2) change(world);
    shelf.answers = world.answers();
    if (change.length === 2) change(world, shelf.answers);

    const found = [];
    for (const url of urls) {
        const check = await broken(url);
        for (const { name } of check.rules) rules.add(name);
        found.push(...check.broken.map(b => `${url}: ${b}`));
    }
    ok(found.length === 0, name, found);
}

for (const { what, url, rule, change } of bad) {
    const world = new World();
    if (change.length < 2) change(world);
    shelf.answers = world.answers();
    if (change.length === 2) change(world, shelf.answers);

    const check = await broken(url);
    for (const { name, holds } of check.rules) holds || refused.add(name);

    const found = check.broken.some(b => rule instanceof RegExp ? rule.test(b) : b.startsWith(rule));
    ok(found, `refused: ${what}`, [`wanted ${rule}`, ...check.broken]);
}

shelf.answers = new World().answers();
ok((await broken('assertion/1.json', { expired: true })).broken.join().startsWith('assertion: is expired: '),
   'refused: good for where an expired one is wanted');

// a rule that nothing breaks might as well not be there

const idle = [...rules].filter(name => !refused.has(name));
ok(idle.length === 0, `each of ${rules.size} rules is broken by something`, idle);

// the command: one line for whoever uses it wrongly

function command(...args) {
    const { status, stdout, stderr } = spawnSync(process.execPath,
        [fileURLToPath(new URL('check.js', import.meta.url)), ...args], { encoding: 'utf8' });
    return { status, stdout, stderr };
}

const see = '; see "check.js --help"';

for (const [args, why] of [
    [[], `BADGE is expected${see}`],
    [['--bad'], `Unknown option '--bad'${see}`],
    [['--at'], `Option '--at <value>' argument missing${see}`],
    [['--expect', 'good', 'x.png'], `--expect: "good" is not known${see}`],
    [['/nonexistent/x.png'], '/nonexistent/x.png: no such file or directory'],
    [['/'], '/: illegal operation on a directory'],
    [['--list', '/nonexistent/list'], '/nonexistent/list: no such file or directory'],
    [['--list', ''], ': no such file or directory'],
]) {
    const said = command(...args);
    ok(said.status === 2 && said.stdout === '' && said.stderr === `check.js: ${why}\n`,
       `one line: ${args.join(' ') || 'nothing'}`, [JSON.stringify(said)]);
}

{
    const list = fileURLToPath(import.meta.url);
    const said = command('--list', list);
    ok(said.status === 2 && /^check\.js: [^\n]*bad\.t\.js: [^\n]*\n$/.test(said.stderr), 'one line: a list that is none',
       [JSON.stringify(said)]);

    const help = command('--help');
    ok(help.status === 0 && help.stderr === '' && /^Usage: check\.js /.test(help.stdout)
       && ['at', 'recipient', 'expect', 'secret', 'list', 'help'].every(name => help.stdout.includes(`\n  --${name} `)),
       'help', [JSON.stringify(help)]);
}

server.close();
console.log(`1..${tests}`);
