// What is wrong with a document as it is shown, a line each: run in the page by
// Browser.pm. A page is also asked for what makes it one; an SVG is not. What is
// "fixed" must not be higher than its window, either.

function audit(document, fixed) {
    const found = [];
    const root = document.documentElement;
    const svg = root.localName === 'svg';
    const wide = svg ? root.getBoundingClientRect().right : root.clientWidth;

    const name = el => {
        const text = el.textContent.trim().replace(/\s+/g, ' ').slice(0, 30);
        const kind = el.getAttribute('class') || el.id;
        return '<' + el.localName + (kind ? ' ' + kind : '') + '> "' + text + '"';
    };
    const say = (what, el) => found.push(what + (el ? ': ' + name(el) : ''));
    const px = n => Math.round(n * 10) / 10;

    // Colours: the browser knows all the ways to write one

    const pen = document.createElementNS('http://www.w3.org/1999/xhtml', 'canvas')
                        .getContext('2d', { willReadFrequently: true });
    const colours = new Map();

    function colour(text) {
        if (!colours.has(text)) {
            pen.clearRect(0, 0, 1, 1);
            pen.fillStyle = text;
            pen.fillRect(0, 0, 1, 1);
            const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
            colours.set(text, [r, g, b, a / 255]);
        }
        return colours.get(text);
    }

    const over = (top, below) =>
        [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);

    function luminance(c) {
        const [r, g, b] = c.slice(0, 3).map(v => (v /= 255) <= 0.04045
            ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    }

    function contrast(a, b) {
        const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
        return (high + 0.05) / (low + 0.05);
    }

    // What a text stands on: the boxes it is in, or the shapes painted before it

    function ground(el) {
        const layers = [];
        const dark = document.defaultView.matchMedia('screen and (prefers-color-scheme: dark)').matches
                     && getComputedStyle(root).colorScheme.includes('dark');
        for (let at = el; at; at = at.parentElement) {
            const style = getComputedStyle(at);
            if (style.backgroundImage !== 'none') say('a picture below', el);
            const c = colour(style.backgroundColor);
            layers.push(c);
            if (c[3] === 1) break;
        }
        return layers.reduceRight((below, top) => over(top, below),
                                  dark ? [18, 18, 18, 1] : [255, 255, 255, 1]);
    }

    function opacity(el) {
        let all = 1;
        for (let at = el; at; at = at.parentElement)
            all *= getComputedStyle(at).opacity;
        return all;
    }

    // [box, colour] of those below the middle of a text, from below
    function shapes(text) {
        const at = text.getBoundingClientRect();
        const middle = new DOMPoint((at.left + at.right) / 2,
                                    (at.top + at.bottom) / 2);
        return [...root.querySelectorAll('rect, path, circle')].filter(shape =>
            !shape.closest('defs, clipPath, mask')
            && text.compareDocumentPosition(shape) & Node.DOCUMENT_POSITION_PRECEDING
            && getComputedStyle(shape).fill !== 'none'
            && shape.isPointInFill(
                   middle.matrixTransform(shape.getScreenCTM().inverse()))
        ).map(shape => {
            const style = getComputedStyle(shape);
            const c = colour(style.fill).slice();
            c[3] *= style.fillOpacity * opacity(shape);
            return [shape.getBoundingClientRect(), c];
        });
    }

    const painted = text => shapes(text).reduce((below, [, c]) => over(c, below),
                                                [255, 255, 255, 1]);

    // Every line of every text: within the page, within its box, legible, and on
    // top of no other

    const texts = [];
    const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);

    while (walk.nextNode()) {
        const node = walk.currentNode;
        const el = node.parentElement;
        if (!node.data.trim() || el.closest('head, style, title, desc, metadata, defs')
            || !el.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
            continue;
        // a range does not know of textLength
        const range = document.createRange();
        range.selectNodeContents(node);
        const rects = svg ? [el.getBoundingClientRect()] : [...range.getClientRects()];
        texts.push([el, shown(el, rects.filter(r => r.width > 0.5)
                                       .map(r => letters(el, r)))]);
    }

    // Marks can make a box that is much higher than its letters

    function letters(el, r) {
        const size = parseFloat(getComputedStyle(el).fontSize);
        const high = Math.min(r.height, 1.2 * size);
        return new DOMRect(r.x, r.y + (r.height - high) / 2, r.width, high);
    }

    // What an ellipsis stands for is meant to be cut off, of names: whatever may
    // have any direction. Words of our own are short enough.

    function shown(el, rects) {
        for (let at = el; at && !svg; at = at.parentElement) {
            const style = getComputedStyle(at);
            if (style.overflow === 'visible' || style.textOverflow !== 'ellipsis'
                && style.webkitLineClamp === 'none') continue;
            const b = at.getBoundingClientRect();
            if (!el.closest('[dir=auto]')
                && rects.some(r => r.left < b.left - 1 || r.right > b.right + 1
                                   || r.bottom > b.bottom + r.height / 2))
                say('own words cut off', el);
            rects = rects.filter(r => r.top < b.bottom - r.height / 2).map(r =>
                new DOMRect(Math.max(r.left, b.left), r.top,
                            Math.min(r.right, b.right) - Math.max(r.left, b.left),
                            r.height)).filter(r => r.width > 0.5);
        }
        return rects;
    }

    function box(el) {
        while (/^(inline|contents)$/.test(getComputedStyle(el).display))
            el = el.parentElement;
        return el;
    }

    function inside(rects, outer, slack, what, el) {
        for (const r of rects) {
            const out = [outer.left - r.left, r.right - outer.right];
            if (Math.max(...out) > 1)
                return say(what + ' by ' + px(Math.max(...out)) + ' px', el);
            const up = Math.max(outer.top - r.top, r.bottom - outer.bottom);
            if (up > slack)
                return say(what + ' by ' + px(up) + ' px of height', el);
        }
    }

    for (const [el, rects] of texts) {
        const style = getComputedStyle(el);
        const size = parseFloat(style.fontSize);

        for (const r of rects)
            if (r.left < -1 || r.right > wide + 1) {
                say('beyond the page by ' + px(Math.max(-r.left, r.right - wide))
                    + ' px', el);
                break;
            }

        if (svg) {
            const frame = shapes(el).filter(([, c]) => c[3] === 1).map(([b]) => b)
                .sort((a, b) => a.width * a.height - b.width * b.height)[0];
            inside(rects, frame || root.getBoundingClientRect(), 1,
                   'beyond its shape', el);
            if (size < 8) say('smaller than 8 px', el);
        } else {
            // a font's line is higher than what lines are set to
            inside(rects, box(el).getBoundingClientRect(), size * 0.3,
                   'beyond its box', el);
            for (let at = el; at; at = at.parentElement)
                if (at !== root && getComputedStyle(at).overflow !== 'visible')
                    inside(rects, at.getBoundingClientRect(), size * 0.3,
                           'cut off', el);
            const least = document.defaultView.matchMedia('print').matches ? 9 : 11;
            if (size < least) say('smaller than ' + least + ' px', el);
        }

        const ink = svg ? style.fill : style.color;
        const below = svg ? painted(el) : ground(el);
        const top = colour(ink).slice();
        top[3] *= opacity(el);
        const ratio = contrast(over(top, below), below);
        const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
        if (ratio < (large ? 3 : 4.5))
            say('contrast of ' + ratio.toFixed(2) + ' only', el);
    }

    const lines = texts.flatMap(([el, rects]) => rects.map(r => [el, r]));

    lines.forEach(([a, r], i) => lines.slice(i + 1).forEach(([b, s]) => {
        const x = Math.min(r.right, s.right) - Math.max(r.left, s.left);
        const y = Math.min(r.bottom, s.bottom) - Math.max(r.top, s.top);
        if (a !== b && x > 2 && y > 0.4 * Math.min(r.height, s.height))
            say('on top of ' + name(b), a);
    }));

    // The document

    if (root.querySelector('parsererror')) say('malformed');

    if (svg) {
        if (root.getAttribute('role') !== 'img') say('no role of an image');
        if (!root.querySelector(':scope > title')) say('no title');
    } else {
        if (!root.lang) say('no language');
        if (!document.title.trim()) say('no title');
        if (document.compatMode !== 'CSS1Compat') say('quirks mode');
        if (fixed && document.scrollingElement.scrollHeight > root.clientHeight)
            say('scrolls ' + (document.scrollingElement.scrollHeight
                              - root.clientHeight) + ' px down');
        if (document.scrollingElement.scrollWidth > wide)
            say('scrolls ' + (document.scrollingElement.scrollWidth - wide)
                + ' px to the side');

        const headings = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')];
        let level = 0;
        for (const h of headings) {
            const next = +h.localName[1];
            if (next > level + 1) say('heading after level ' + level, h);
            if (!h.textContent.trim()) say('empty heading', h);
            level = next;
        }

        for (const img of document.images) {
            if (!img.hasAttribute('alt')) say('no alternative text', img);
            if (!img.complete || !img.naturalWidth || !img.naturalHeight)
                say('image not shown: ' + img.src);
        }
    }

    return found;
}

// audit(false), audit(true): the page; audit(): its frames, a list for each

return arguments.length
    ? audit(document, arguments[0])
    : [...document.querySelectorAll('iframe')]
      .map(frame => audit(frame.contentDocument, true));
