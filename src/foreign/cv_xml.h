
/*
 * Copyright (C) The credverify authors
 *
 * XML of others as a tree.  Nothing is ever loaded, and entities are not put
 * in for their references.
 */

#ifndef CV_XML_H
#define CV_XML_H

#include "cv_base.h"

struct _xmlDoc;

/*
 * The document, to be freed by xmlFreeDoc(); or NULL with the reason: it is
 * not well-formed, also in its namespaces, or passes what libxml2 bounds it to.
 */
struct _xmlDoc *cv_xml_parse(cv_str_t text, cv_error_t *error);

#endif /* CV_XML_H */
