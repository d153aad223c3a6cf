// Requests to a server that listens elsewhere than its badges say: an id that
// begins with "prefix" is asked for at "address" instead. Nothing else is asked.

const ACCEPT = 'application/ld+json, application/json, image/png, image/svg+xml';

export class Web {
    constructor(prefix, address = prefix) {
        Object.assign(this, { prefix, address });
    }

    has(url) {
        return url.startsWith(this.prefix);
    }

    // {status, type, parameters, header(name), bytes} of an answer, redirects followed;
    // "type" is the media type.

    async get(url, { method = 'GET', headers = {} } = {}) {
        for (let redirects = 0; redirects <= 5; redirects++) {
            if (!this.has(url)) throw new Error(`${url} is not below ${this.prefix}`);

            const answer = await fetch(this.address + url.slice(this.prefix.length), {
                method, headers: { Accept: ACCEPT, ...headers }, redirect: 'manual',
                signal: AbortSignal.timeout(20000),
            });
            const to = answer.headers.get('location');

            if (to && answer.status >= 300 && answer.status < 400) {
                await answer.arrayBuffer();
                url = new URL(to, url).href;
                continue;
            }

            const [type, ...parameters] = (answer.headers.get('content-type') || '')
                .toLowerCase().split(';').map(part => part.trim());

            return { status: answer.status, type, parameters,
                     header: name => answer.headers.get(name),
                     bytes: Buffer.from(await answer.arrayBuffer()) };
        }

        throw new Error(`${url}: too many redirects`);
    }
}
