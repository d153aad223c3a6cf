
/*
 * Copyright (C) The credverify authors
 */

#include "cv_unbake.h"
#include "cv_bake.h"
#include "cv_png_chunk.h"
#include "cv_text.h"
#include "cv_xml.h"

#include <libxml/tree.h>

#define CV_UNBAKE_TWICE  "it has more than one assertion baked in"


static cv_err_t
cv_unbake_say(cv_error_t *error, cv_err_t err)
{
    switch (err) {

    case CV_ERR_NOMEM:
        return cv_error_set(error, err, "out of memory");

    case CV_ERR_LIMIT:
        return cv_error_set(error, CV_ERR_INPUT, "what is baked in has more "
                            "than %zu bytes", CV_BAKE_MAX);

    default:
        return cv_error_set(error, CV_ERR_INPUT,
                            "what is baked in is damaged");
    }
}


static cv_err_t
cv_unbake_append(cv_buf_t *out, cv_str_t text, cv_error_t *error)
{
    if (text.len > CV_BAKE_MAX) {
        return cv_unbake_say(error, CV_ERR_LIMIT);
    }

    if (text.len == 0) {
        return cv_error_set(error, CV_ERR_INPUT, "what is baked in is empty");
    }

    if (!cv_utf8_valid(text)) {
        return cv_error_set(error, CV_ERR_INPUT, "what is baked in is not "
                            "UTF-8");
    }

    cv_buf_append_str(out, text);

    return cv_buf_failed(out) ? cv_unbake_say(error, out->err) : CV_OK;
}


/* The text of such a chunk; false if it is of another keyword or type. */

static bool
cv_unbake_text(const cv_png_chunk_t *chunk, cv_str_t *text)
{
    bool      international;
    cv_str_t  keyword;

    international = cv_png_chunk_is(chunk, "iTXt");
    *text = chunk->data;

    return (international || cv_png_chunk_is(chunk, "tEXt"))
           && cv_png_field(text, &keyword)
           && cv_str_eq(keyword, CV_STR(CV_BAKE_KEYWORD));
}


static cv_err_t
cv_unbake_chunk(cv_buf_t *out, const cv_png_chunk_t *chunk, cv_str_t text,
    cv_error_t *error)
{
    cv_str_t  packed, field;
    cv_buf_t  plain;
    cv_err_t  err;

    if (!chunk->intact) {
        return cv_error_set(error, CV_ERR_INPUT, "the checksum of what is "
                            "baked in is wrong");
    }

    if (cv_png_chunk_is(chunk, "tEXt")) {
        return cv_unbake_append(out, text, error);
    }

    if (!cv_png_compressed(chunk, &packed)) {
        return cv_unbake_say(error, CV_ERR_INPUT);
    }

    if (!cv_present(packed)) {

        /* behind two flags, which are there as the chunk is well made */

        text = cv_str(text.data + 2, text.len - 2);
        (void) cv_png_field(&text, &field);
        (void) cv_png_field(&text, &field);

        return cv_unbake_append(out, text, error);
    }

    cv_buf_init(&plain, CV_BAKE_MAX);
    err = cv_png_inflate(&plain, CV_BAKE_MAX, packed);

    err = err == CV_OK ? cv_unbake_append(out, cv_buf_str(&plain), error)
                       : cv_unbake_say(error, err);
    cv_buf_free(&plain);

    return err;
}


static cv_err_t
cv_unbake_png(cv_buf_t *out, cv_str_t image, cv_error_t *error)
{
    bool            found;
    cv_err_t        err;
    cv_str_t        rest, text;
    cv_png_chunk_t  chunk;

    rest = cv_png_chunks(image);

    for (found = false; cv_png_chunk_next(&rest, &chunk); ) {

        if (cv_png_chunk_is(&chunk, "IEND")) {
            return CV_OK;
        }

        if (!cv_unbake_text(&chunk, &text)) {
            continue;
        }

        if (found) {
            return cv_error_set(error, CV_ERR_INPUT, CV_UNBAKE_TWICE);
        }

        found = true;
        err = cv_unbake_chunk(out, &chunk, text, error);

        if (err != CV_OK) {
            return err;
        }
    }

    return cv_error_set(error, CV_ERR_INPUT, "its end is missing");
}


static bool
cv_unbake_is_assertion(const xmlNode *node)
{
    return node->type == XML_ELEMENT_NODE && node->ns != NULL
           && strcmp((const char *) node->name, "assertion") == 0
           && strcmp((const char *) node->ns->href, CV_BAKE_XMLNS) == 0;
}


/* the next in the document's order, without recursion */

static xmlNodePtr
cv_unbake_next(xmlNodePtr node)
{
    if (node->type == XML_ELEMENT_NODE && node->children != NULL) {
        return node->children;
    }

    while (node != NULL && node->next == NULL) {
        node = node->parent;
    }

    return node == NULL ? NULL : node->next;
}


static bool
cv_unbake_is_blank(cv_str_t text)
{
    size_t  i;

    for (i = 0; i < text.len && strchr(" \t\r\n", text.data[i]) != NULL; i++) {
        /* void */
    }

    return i == text.len;
}


/*
 * The text of these nodes.  Entities are none: what they refer to may refer to
 * others, and so on, and become any length.
 */

static cv_err_t
cv_unbake_nodes(cv_buf_t *text, xmlNodePtr node, cv_error_t *error)
{
    for ( /* void */ ; node != NULL; node = node->next) {

        switch (node->type) {

        case XML_TEXT_NODE:
        case XML_CDATA_SECTION_NODE:
            cv_buf_append_str(text, cv_str_z((const char *) node->content));
            break;

        case XML_COMMENT_NODE:
        case XML_PI_NODE:
            break;

        default:
            return cv_unbake_say(error, CV_ERR_INPUT);
        }
    }

    return cv_buf_failed(text) ? cv_unbake_say(error, text->err) : CV_OK;
}


/* JSON inside, or what "verify" has */

static cv_err_t
cv_unbake_element(cv_buf_t *out, cv_buf_t *verify, xmlNodePtr node,
    cv_error_t *error)
{
    cv_buf_t    content, attribute;
    cv_err_t    err;
    xmlAttrPtr  attr;

    cv_buf_init(&content, CV_BAKE_MAX);
    cv_buf_init(&attribute, CV_BAKE_MAX);

    attr = xmlHasNsProp(node, (const xmlChar *) "verify", NULL);
    err = cv_unbake_nodes(&content, node->children, error);

    /* a document type may have declared one instead */

    if (err == CV_OK && attr != NULL && attr->type == XML_ATTRIBUTE_NODE) {
        err = cv_unbake_nodes(&attribute, attr->children, error);
    }

    if (err == CV_OK) {
        err = cv_unbake_append(out, cv_unbake_is_blank(cv_buf_str(&content))
                                        ? cv_buf_str(&attribute)
                                        : cv_buf_str(&content), error);
    }

    if (err == CV_OK && verify != NULL && attribute.len > 0) {
        err = cv_unbake_append(verify, cv_buf_str(&attribute), error);
    }

    cv_buf_free(&content);
    cv_buf_free(&attribute);

    return err;
}


static cv_err_t
cv_unbake_svg(cv_buf_t *out, cv_buf_t *verify, cv_str_t image,
    cv_error_t *error)
{
    cv_err_t    err;
    xmlDocPtr   doc;
    xmlNodePtr  node, found;
    cv_error_t  why;

    doc = cv_xml_parse(image, &why);
    if (doc == NULL) {
        return cv_error_set(error, why.code, "%s", why.text);
    }

    err = CV_OK;
    found = NULL;

    for (node = xmlDocGetRootElement(doc); err == CV_OK && node != NULL;
         node = cv_unbake_next(node))
    {
        if (!cv_unbake_is_assertion(node)) {
            continue;
        }

        if (found != NULL) {
            err = cv_error_set(error, CV_ERR_INPUT, CV_UNBAKE_TWICE);
        }

        found = node;
    }

    if (err == CV_OK && found != NULL) {
        err = cv_unbake_element(out, verify, found, error);
    }

    xmlFreeDoc(doc);

    return err;
}


cv_err_t
cv_unbake(cv_buf_t *out, cv_buf_t *verify, cv_str_t image, cv_error_t *error)
{
    if (image.len > CV_UNBAKE_MAX) {
        return cv_error_set(error, CV_ERR_INPUT,
                            "it has %zu bytes; at most %zu are read",
                            image.len, CV_UNBAKE_MAX);
    }

    switch (cv_image_type(image)) {

    case CV_IMAGE_PNG:
        return cv_unbake_png(out, image, error);

    case CV_IMAGE_SVG:
        return cv_unbake_svg(out, verify, image, error);

    default:
        return cv_error_set(error, CV_ERR_INPUT,
                            "it is neither a PNG nor an SVG in UTF-8");
    }
}
