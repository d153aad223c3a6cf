
/*
 * Copyright (C) The credverify authors
 */

#include "cv_xml.h"

#include <limits.h>

#include <libxml/parser.h>


/* The first error is kept: the others may come of it. */

static void
cv_xml_say(void *data, xmlErrorPtr why)
{
    cv_err_t           code;
    cv_error_t        *error;
    xmlParserCtxtPtr   ctxt = data;

    error = ctxt->_private;

    if (why->level < XML_ERR_ERROR || error->code != CV_OK) {
        return;
    }

    code = why->code == XML_ERR_NO_MEMORY ? CV_ERR_NOMEM : CV_ERR_INPUT;

    (void) cv_error_set(error, code, "line %d: it is not well-formed: %.*s",
                        why->line, (int) strcspn(why->message, "\r\n"),
                        why->message);
}


struct _xmlDoc *
cv_xml_parse(cv_str_t text, cv_error_t *error)
{
    xmlDocPtr         doc;
    cv_error_t        first;
    xmlParserCtxtPtr  ctxt;

    if (text.len > INT_MAX) {
        (void) cv_error_set(error, CV_ERR_LIMIT, "it is too long");
        return NULL;
    }

    ctxt = xmlNewParserCtxt();
    if (ctxt == NULL) {
        (void) cv_error_set(error, CV_ERR_NOMEM, "out of memory");
        return NULL;
    }

    (void) cv_error_set(&first, CV_OK, "it is no XML");
    ctxt->_private = &first;
    ctxt->sax->serror = cv_xml_say;

    doc = xmlCtxtReadMemory(ctxt, (const char *) text.data, (int) text.len,
                            NULL, NULL,
                            XML_PARSE_NONET | XML_PARSE_NOERROR
                            | XML_PARSE_NOWARNING);

    if (doc == NULL || !ctxt->wellFormed || !ctxt->nsWellFormed) {
        (void) cv_error_set(error,
                            first.code != CV_OK ? first.code : CV_ERR_INPUT,
                            "%s", first.text);
        xmlFreeDoc(doc);
        doc = NULL;
    }

    xmlFreeParserCtxt(ctxt);

    return doc;
}
