
/*
 * Copyright (C) The credverify authors
 */

#include "cv_bake.h"
#include "cv_image_check.h"
#include "cv_image_check_internal.h"
#include "cv_text.h"
#include "cv_xml.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <libxml/hash.h>
#include <libxml/tree.h>

#define CV_SVG_XMLNS    "http://www.w3.org/2000/svg"
#define CV_XLINK_XMLNS  "http://www.w3.org/1999/xlink"

/* where readers of badges look for what tells them that it is an SVG */
#define CV_SVG_FIRST    256

/* what drawing programs add, and can leave out */
#define CV_SVG_NOT_SVG  "is not of SVG: save it as plain SVG"
#define CV_SVG_PLAIN    "is not allowed: save it as plain SVG"

/* elements in each other, those that are used counted as if they were there */
#define CV_SVG_DEPTH_DRAWN  512


/* an element: what it costs to draw it */

typedef struct {
    unsigned  drawn;        /* elements; 0 until that is known */
    bool      entered;      /* is being counted, so that it may not be met */
} cv_svg_element_t;


typedef struct {
    size_t             elements;
    size_t             images;
    unsigned           depth;                       /* of what is counted */
    xmlHashTablePtr    ids;                         /* of nodes */
    cv_svg_element_t   element[CV_SVG_ELEMENTS];    /* _private of nodes */
    cv_error_t        *error;
} cv_svg_t;


/*
 * What draws (SVG 2, chapters 5 to 16; Filter Effects 1), without what runs,
 * links, moves, has contents of other kinds, or is costly for its size alone.
 */

static const char *const  cv_svg_elements[] = {
    "circle", "clipPath", "defs", "desc", "ellipse", "feBlend",
    "feColorMatrix", "feComponentTransfer", "feComposite", "feDropShadow",
    "feFlood", "feFuncA", "feFuncB", "feFuncG", "feFuncR", "feGaussianBlur",
    "feMerge", "feMergeNode", "feOffset", "filter", "g", "image", "line",
    "linearGradient", "mask", "path", "pattern", "polygon", "polyline",
    "radialGradient", "rect", "stop", "style", "svg", "switch", "symbol",
    "text", "textPath", "title", "tspan", "use",
};

/* whose values are neither CSS nor may be taken for it: words of people */

static const char *const  cv_svg_texts[] = {
    "aria-describedby", "aria-hidden", "aria-label", "aria-labelledby",
    "class", "d", "id", "lang", "points", "role",
};

static const char *const  cv_svg_values[] = {
    "alignment-baseline", "amplitude", "baseProfile", "baseline-shift",
    "clip-path", "clip-rule", "clipPathUnits", "color",
    "color-interpolation", "color-interpolation-filters", "color-rendering",
    "cx", "cy", "direction", "display", "dominant-baseline", "dx", "dy",
    "enable-background", "exponent", "fill", "fill-opacity", "fill-rule",
    "filter", "filterUnits", "flood-color", "flood-opacity", "font",
    "font-family", "font-size", "font-size-adjust", "font-stretch",
    "font-style", "font-variant", "font-weight", "fr", "fx", "fy",
    "gradientTransform", "gradientUnits", "height", "image-rendering", "in",
    "in2", "intercept", "isolation", "k1", "k2", "k3", "k4",
    "letter-spacing", "lengthAdjust", "mask", "mask-type",
    "maskContentUnits", "maskUnits", "method", "mix-blend-mode", "mode",
    "offset", "opacity", "operator", "overflow", "paint-order", "pathLength",
    "patternContentUnits", "patternTransform", "patternUnits",
    "pointer-events", "preserveAspectRatio", "primitiveUnits", "r", "result",
    "rotate", "rx", "ry", "shape-rendering", "side", "slope", "spacing",
    "spreadMethod", "startOffset", "stdDeviation", "stop-color",
    "stop-opacity", "stroke", "stroke-dasharray", "stroke-dashoffset",
    "stroke-linecap", "stroke-linejoin", "stroke-miterlimit",
    "stroke-opacity", "stroke-width", "style", "tableValues", "text-anchor",
    "text-decoration", "text-rendering", "textLength", "transform",
    "transform-origin", "type", "unicode-bidi", "values", "vector-effect",
    "version", "viewBox", "visibility", "width", "word-spacing",
    "writing-mode", "x", "x1", "x2", "xml:space", "y", "y1", "y2",
};


static cv_err_t cv_svg_check_element(cv_svg_t *svg, xmlNodePtr node,
    unsigned depth);


static bool
cv_svg_lists(const char *const *list, size_t n, const char *name)
{
    size_t  i;

    for (i = 0; i < n && strcmp(list[i], name) != 0; i++) { /* void */ }

    return i < n;
}


static cv_err_t
cv_svg_refuse(cv_svg_t *svg, xmlNodePtr node, const char *what,
    const char *name, const char *why)
{
    return cv_error_set(svg->error, CV_ERR_INPUT, "line %ld: %s \"%.60s\" %s",
                        xmlGetLineNo(node), what, name, why);
}


static bool
cv_svg_has_namespace(const xmlNs *ns, const char *href)
{
    return ns != NULL && ns->href != NULL
           && strcmp((const char *) ns->href, href) == 0;
}


/* its whole value, to be freed by xmlFree(); NULL if memory is exhausted */

static char *
cv_svg_value(xmlAttrPtr attr)
{
    return (char *) xmlNodeListGetString(attr->doc, attr->children, 1);
}


/* as it is written, but for the prefix, which is that of the namespace */

static void
cv_svg_name(char *out, size_t size, xmlAttrPtr attr)
{
    const char  *prefix;

    prefix = NULL;

    if (attr->ns != NULL) {
        prefix = cv_svg_has_namespace(attr->ns, CV_XLINK_XMLNS)
                     ? "xlink" : (const char *) attr->ns->prefix;
    }

    (void) snprintf(out, size, "%s%s%s", prefix == NULL ? "" : prefix,
                    prefix == NULL ? "" : ":", (const char *) attr->name);
}


static cv_err_t
cv_svg_check_href(cv_svg_t *svg, xmlNodePtr node, const char *name,
    const char *value)
{
    cv_err_t    err;
    cv_error_t  why;

    if (strcmp((const char *) node->name, "image") != 0) {
        return value[0] != '#'
                   ? cv_svg_refuse(svg, node, "the attribute", name,
                                   CV_SVG_OUTSIDE)
               : *cv_svg_id_end(value) != '\0'
                   ? cv_svg_refuse(svg, node, "the attribute", name,
                                   CV_SVG_ODD_ID)
               : CV_OK;
    }

    if (++svg->images > CV_SVG_IMAGES) {
        return cv_error_set(svg->error, CV_ERR_INPUT,
                            "it has more than %d images in it", CV_SVG_IMAGES);
    }

    err = cv_svg_data_check(cv_str_z(value), &why);

    return err == CV_OK ? CV_OK
                        : cv_error_set(svg->error, err,
                                       "line %ld: of an image in it: %.300s",
                                       xmlGetLineNo(node), why.text);
}


static cv_err_t
cv_svg_check_value(cv_svg_t *svg, xmlNodePtr node, const char *name,
    const char *value)
{
    const char  *why;

    if (strcmp(name, "href") == 0 || strcmp(name, "xlink:href") == 0) {
        return cv_svg_check_href(svg, node, name, value);
    }

    if (strcmp(name, "id") == 0) {
        return xmlHashAddEntry(svg->ids, (const xmlChar *) value, node) == 0
                   ? CV_OK : cv_svg_refuse(svg, node, "the id", value,
                                           "is that of another element, too");
    }

    if (cv_svg_lists(cv_svg_texts, CV_COUNT(cv_svg_texts), name)
        || strcmp(name, "xml:lang") == 0)
    {
        return CV_OK;
    }

    if (strncmp(name, "on", 2) == 0) {
        return cv_svg_refuse(svg, node, "the attribute", name,
                             "is an event handler");
    }

    if (!cv_svg_lists(cv_svg_values, CV_COUNT(cv_svg_values), name)) {
        return cv_svg_refuse(svg, node, "the attribute", name,
                             strchr(name, ':') != NULL ? CV_SVG_NOT_SVG
                             : strncmp(name, "data-", 5) == 0 ? CV_SVG_PLAIN
                             : "is not allowed");
    }

    why = cv_svg_style_check(value, false);

    return why == NULL ? CV_OK
                       : cv_svg_refuse(svg, node, "the attribute", name, why);
}


static cv_err_t
cv_svg_check_attributes(cv_svg_t *svg, xmlNodePtr node)
{
    char        name[128], *value;
    cv_err_t    err;
    xmlAttrPtr  attr;

    err = CV_OK;

    for (attr = node->properties; err == CV_OK && attr != NULL;
         attr = attr->next)
    {
        cv_svg_name(name, sizeof(name), attr);

        /* nothing at all for an empty one */

        value = cv_svg_value(attr);
        err = cv_svg_check_value(svg, node, name, value == NULL ? "" : value);
        xmlFree(value);
    }

    return err;
}


static cv_err_t
cv_svg_check_sheet(cv_svg_t *svg, xmlNodePtr node)
{
    char        *text;
    cv_err_t     err;
    const char  *why;

    /* their text is none of the style sheet, but would be of what is checked */

    if (xmlFirstElementChild(node) != NULL) {
        return cv_svg_refuse(svg, node, "the element", "style",
                             "has elements in it");
    }

    text = (char *) xmlNodeGetContent(node);
    if (text == NULL) {
        return cv_error_set(svg->error, CV_ERR_NOMEM, "out of memory");
    }

    why = cv_svg_style_check(text, true);
    err = why == NULL ? CV_OK
                      : cv_svg_refuse(svg, node, "the element", "style", why);
    xmlFree(text);

    return err;
}


static cv_err_t
cv_svg_check_children(cv_svg_t *svg, xmlNodePtr parent, unsigned depth)
{
    cv_err_t    err;
    xmlNodePtr  node;

    err = CV_OK;

    for (node = parent->children; err == CV_OK && node != NULL;
         node = node->next)
    {
        switch (node->type) {

        case XML_ELEMENT_NODE:
            err = cv_svg_check_element(svg, node, depth + 1);
            break;

        case XML_TEXT_NODE:
        case XML_CDATA_SECTION_NODE:
        case XML_COMMENT_NODE:
            break;

        case XML_PI_NODE:
            err = cv_svg_refuse(svg, node, "the processing instruction",
                                (const char *) node->name, "is not allowed");
            break;

        default:
            err = cv_error_set(svg->error, CV_ERR_INPUT,
                               "line %ld: it has entities",
                               xmlGetLineNo(node));
            break;
        }
    }

    return err;
}


static cv_err_t
cv_svg_check_element(cv_svg_t *svg, xmlNodePtr node, unsigned depth)
{
    cv_err_t     err;
    const char  *name;

    name = (const char *) node->name;

    if (svg->elements == CV_SVG_ELEMENTS) {
        return cv_error_set(svg->error, CV_ERR_INPUT,
                            "it has more than %d elements", CV_SVG_ELEMENTS);
    }

    if (depth > CV_SVG_DEPTH) {
        return cv_error_set(svg->error, CV_ERR_INPUT, "line %ld: its elements "
                            "are in each other more than %d deep",
                            xmlGetLineNo(node), CV_SVG_DEPTH);
    }

    if (cv_svg_has_namespace(node->ns, CV_BAKE_XMLNS)) {
        return cv_error_set(svg->error, CV_ERR_INPUT,
                            "it has an assertion baked in");
    }

    if (!cv_svg_has_namespace(node->ns, CV_SVG_XMLNS)) {
        return cv_svg_refuse(svg, node, "the element", name,
                             node->ns == NULL
                             && cv_svg_lists(cv_svg_elements,
                                             CV_COUNT(cv_svg_elements), name)
                             ? "is not of SVG: xmlns=\"" CV_SVG_XMLNS "\" is "
                               "missing"
                             : CV_SVG_NOT_SVG);
    }

    if (!cv_svg_lists(cv_svg_elements, CV_COUNT(cv_svg_elements), name)) {
        return cv_svg_refuse(svg, node, "the element", name,
                             strcmp(name, "metadata") == 0 ? CV_SVG_PLAIN
                                                           : "is not allowed");
    }

    node->_private = &svg->element[svg->elements++];

    err = cv_svg_check_attributes(svg, node);

    if (err == CV_OK && strcmp(name, "style") == 0) {
        err = cv_svg_check_sheet(svg, node);
    }

    return err == CV_OK ? cv_svg_check_children(svg, node, depth) : err;
}


/*
 * In pixels, 0 if it depends on where the image stands, less than that if it
 * is no length (CSS Values 4, 6.2).
 */

static double
cv_svg_length(const char *value)
{
    char    *unit;
    double   number;
    size_t   i;

    static const struct {
        const char  *unit;
        double       pixels;
    } units[] = {
        { "", 1 }, { "px", 1 }, { "pt", 96.0 / 72 }, { "pc", 16 },
        { "mm", 96 / 25.4 }, { "cm", 96 / 2.54 }, { "in", 96 },
        { "%", 0 }, { "em", 0 }, { "ex", 0 }, { "rem", 0 },
    };

    /* neither "inf" nor "0x10" */

    if (value[0] == '\0' || strchr("0123456789.+", value[0]) == NULL
        || strpbrk(value, "xX") == value + 1)
    {
        return -1;
    }

    number = strtod(value, &unit);

    for (i = 0; i < CV_COUNT(units); i++) {
        if (strcmp(unit, units[i].unit) == 0 && unit != value) {
            return number * units[i].pixels;
        }
    }

    return -1;
}


static cv_err_t
cv_svg_check_side(cv_svg_t *svg, xmlNodePtr root, const char *name, bool *given)
{
    char    *value;
    double   pixels;

    value = (char *) xmlGetNoNsProp(root, (const xmlChar *) name);

    if (value == NULL) {
        *given = false;
        return CV_OK;
    }

    pixels = cv_svg_length(value);
    xmlFree(value);
    *given = pixels > 0;

    if (pixels < 0) {
        return cv_error_set(svg->error, CV_ERR_INPUT,
                            "its %s is no length", name);
    }

    if (pixels > 0 && !(pixels >= CV_IMAGE_SIDE_MIN
                        && pixels <= CV_IMAGE_SIDE_MAX))
    {
        return cv_error_set(svg->error, CV_ERR_INPUT,
                            "its %s is %.4g pixels; it must be of %d to %d",
                            name, pixels, CV_IMAGE_SIDE_MIN,
                            CV_IMAGE_SIDE_MAX);
    }

    return CV_OK;
}


/* four numbers, the last two of which are more than 0 */

static bool
cv_svg_is_view_box(const char *value)
{
    int     i;
    char   *end;
    double  number[4];

    for (i = 0; i < 4; i++) {
        value += strspn(value, ", \t\r\n");
        number[i] = strtod(value, &end);

        if (end == value) {
            return false;
        }

        value = end;
    }

    return value[strspn(value, " \t\r\n")] == '\0'
           && number[2] > 0 && number[2] < 1e6
           && number[3] > 0 && number[3] < 1e6;
}


static cv_err_t
cv_svg_check_root(cv_svg_t *svg, xmlNodePtr root)
{
    bool       good, width, height;
    char      *box;
    cv_err_t   err;
    xmlNsPtr   ns;

    /* nor do they find it behind a prefix */

    if (root->ns->prefix != NULL) {
        return cv_svg_refuse(svg, root, "the prefix",
                             (const char *) root->ns->prefix,
                             "is before svg: save it without");
    }

    for (ns = root->nsDef; ns != NULL; ns = ns->next) {
        if (ns->prefix != NULL
            && strcmp((const char *) ns->prefix, CV_BAKE_PREFIX) == 0)
        {
            return cv_error_set(svg->error, CV_ERR_INPUT, "it declares the "
                                "namespace \"" CV_BAKE_PREFIX "\", which is "
                                "that of what is baked in");
        }
    }

    width = false;
    height = false;

    err = cv_svg_check_side(svg, root, "width", &width);

    if (err == CV_OK) {
        err = cv_svg_check_side(svg, root, "height", &height);
    }

    if (err != CV_OK) {
        return err;
    }

    box = (char *) xmlGetNoNsProp(root, (const xmlChar *) "viewBox");
    good = box != NULL ? cv_svg_is_view_box(box) : width && height;
    xmlFree(box);

    if (!good) {
        return cv_error_set(svg->error, CV_ERR_INPUT,
                            box != NULL ? "its viewBox is not four numbers"
                                        : "it says neither viewBox nor width "
                                          "and height");
    }

    if (xmlFirstElementChild(root) == NULL) {
        return cv_error_set(svg->error, CV_ERR_INPUT, "there is nothing in it");
    }

    return CV_OK;
}


/*
 * How many elements are drawn where "node" is, 0 if it is part of itself or
 * there are too many.
 *
 * What it paints with may be painted with once for each element in it, as that
 * is inherited.
 */

static unsigned cv_svg_count(cv_svg_t *svg, xmlNodePtr node);


static unsigned
cv_svg_count_id(cv_svg_t *svg, cv_str_t id)
{
    char        text[256];
    xmlNodePtr  node;

    /* a longer one than this is found of nothing, and so is drawn for ever */

    if (id.len >= sizeof(text)) {
        return CV_SVG_DRAWN + 1;
    }

    memcpy(text, id.data, id.len);
    text[id.len] = '\0';

    node = xmlHashLookup(svg->ids, (const xmlChar *) text);

    return node == NULL ? 1 : cv_svg_count(svg, node);
}


/* "self" is what is drawn without it, or once for each time it is painted */

static uint64_t
cv_svg_count_attribute(cv_svg_t *svg, xmlAttrPtr attr, bool paint,
    uint64_t self)
{
    char        *value;
    bool         href;
    uint64_t     sum, n;
    cv_str_t     id;
    const char  *p;

    href = strcmp((const char *) attr->name, "href") == 0;

    if (href == paint) {
        return 0;
    }

    value = cv_svg_value(attr);
    if (value == NULL) {
        return 0;
    }

    sum = 0;

    if (href) {
        if (value[0] == '#') {
            n = cv_svg_count_id(svg, cv_str_z(value + 1));
            sum = n == 0 ? CV_SVG_DRAWN + 1 : n;
        }

    } else {
        for (p = value; sum <= CV_SVG_DRAWN && cv_svg_style_next(&p, &id); ) {
            n = cv_svg_count_id(svg, id);
            sum += n == 0 ? CV_SVG_DRAWN + 1 : n * self;
        }
    }

    xmlFree(value);

    return sum;
}


static uint64_t
cv_svg_count_attributes(cv_svg_t *svg, xmlNodePtr node, bool paint,
    uint64_t self)
{
    uint64_t    sum;
    xmlAttrPtr  attr;

    sum = 0;

    for (attr = node->properties; attr != NULL && sum <= CV_SVG_DRAWN;
         attr = attr->next)
    {
        sum += cv_svg_count_attribute(svg, attr, paint, self);
    }

    return sum;
}


static unsigned
cv_svg_count(cv_svg_t *svg, xmlNodePtr node)
{
    unsigned           n;
    uint64_t           sum;
    xmlNodePtr         child;
    cv_svg_element_t  *element;

    element = node->_private;

    if (element->drawn != 0 || element->entered
        || svg->depth == CV_SVG_DEPTH_DRAWN)
    {
        return element->drawn;
    }

    element->entered = true;
    svg->depth++;
    sum = 1;

    for (child = xmlFirstElementChild(node);
         child != NULL && sum <= CV_SVG_DRAWN;
         child = xmlNextElementSibling(child))
    {
        n = cv_svg_count(svg, child);
        sum += n == 0 ? CV_SVG_DRAWN + 1 : n;
    }

    sum += cv_svg_count_attributes(svg, node, false, 1);
    sum += cv_svg_count_attributes(svg, node, true, sum);

    svg->depth--;

    if (sum <= CV_SVG_DRAWN) {
        element->drawn = (unsigned) sum;
        element->entered = false;
    }

    return element->drawn;
}


static cv_err_t
cv_svg_check_tree(cv_svg_t *svg, cv_str_t image, xmlDocPtr doc)
{
    cv_err_t     err;
    xmlNodePtr   root;
    const char  *encoding;

    root = xmlDocGetRootElement(doc);
    encoding = (const char *) doc->encoding;

    if (encoding != NULL && strcasecmp(encoding, "UTF-8") != 0) {
        return cv_error_set(svg->error, CV_ERR_INPUT,
                            "it says that it is in %.40s: save it in UTF-8",
                            encoding);
    }

    /* the document's own children: comments, the root */

    err = cv_svg_check_children(svg, (xmlNodePtr) doc, 0);

    if (err == CV_OK) {
        err = cv_svg_check_root(svg, root);
    }

    if (err == CV_OK
        && memmem(image.data, image.len < CV_SVG_FIRST ? image.len
                                                       : CV_SVG_FIRST,
                  "<svg", 4) == NULL)
    {
        err = cv_error_set(svg->error, CV_ERR_INPUT,
                           "its <svg is not among the first %d bytes, where "
                           "readers of badges look for it: shorten what stands "
                           "before it", CV_SVG_FIRST);
    }

    if (err == CV_OK && cv_svg_count(svg, root) == 0) {
        err = cv_error_set(svg->error, CV_ERR_INPUT,
                           "its parts use each other in a circle, or it draws "
                           "more than %d elements", CV_SVG_DRAWN);
    }

    return err;
}


cv_err_t
cv_svg_check(cv_str_t image, cv_error_t *error)
{
    cv_err_t    err;
    cv_svg_t   *svg;
    xmlDocPtr   doc;
    cv_error_t  why;

    if (!cv_utf8_valid(image)) {
        return cv_error_set(error, CV_ERR_INPUT, "it is not UTF-8");
    }

    /* libxml2 shall not see one; in a comment it is no loss */

    if (memmem(image.data, image.len, "<!DOCTYPE", 9) != NULL) {
        return cv_error_set(error, CV_ERR_INPUT, "it has a document type "
                            "(<!DOCTYPE>): save it without");
    }

    doc = cv_xml_parse(image, &why);
    if (doc == NULL) {
        return cv_error_set(error, why.code, "%s", why.text);
    }

    svg = calloc(1, sizeof(cv_svg_t));

    if (svg != NULL) {
        svg->ids = xmlHashCreate(CV_SVG_ELEMENTS / 8);
        svg->error = error;
    }

    err = svg == NULL || svg->ids == NULL
              ? cv_error_set(error, CV_ERR_NOMEM, "out of memory")
              : cv_svg_check_tree(svg, image, doc);

    if (svg != NULL) {
        xmlHashFree(svg->ids, NULL);
    }

    free(svg);
    xmlFreeDoc(doc);

    return err;
}
