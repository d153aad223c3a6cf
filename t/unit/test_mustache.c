
/*
 * Copyright (C) The credverify authors
 *
 * Mustache, held against its specification 1.4.2, module by module: what
 * interpolation, sections, inverted sections, comments and partials promise,
 * and that whatever else is in it is refused.
 *
 * A template knows the names of facts and refuses others.  The names of data
 * are free in the specification, so its data is a credential's attributes
 * here, and a template a partial that stands in the section about them.
 */

#include "view_dir.h"
#include "view_facts.h"

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))

#define WITHIN_DATA                                                           \
    "{{#credential.attributes}}{{>page}}{{/credential.attributes}}"


typedef struct {
    const char       *data;         /* JSON with ' for " */
    const char       *page;
    const char       *expected;     /* an error's text if there is no data */
} mustache_case_t;

typedef struct {
    const char       *part;         /* the partials, NULL if there are none */
    const char       *sub;
    mustache_case_t   with;
} mustache_partial_t;


static const mustache_case_t  interpolation[] = {

    /* what is no tag is text */

    { "{'a':1}", "", "" },
    { "{'a':1}", "{a} }} { { a } }\n", "{a} }} { { a } }\n" },

    /* values */

    { "{'port':'Oslo'}", "to {{port}}!", "to Oslo!" },
    { "{'a':'x','b':'y'}", "{{a}}{{b}} {{b}}{{a}}", "xy yx" },
    { "{'t':'a<b>&\\'d\\'e'}", "{{t}}", "a&lt;b&gt;&amp;&quot;d&quot;e" },
    { "{'n':7,'m':-40,'big':12345678901234567890}", "{{n}} {{m}} {{big}}",
      "7 -40 12345678901234567890" },
    { "{'n':2.50,'m':-0.125,'e':1e3}", "{{n}} {{m}} {{e}}",
      "2.50 -0.125 1e3" },
    { "{'yes':true,'no':false}", "{{yes}} {{no}}", "true false" },
    { "{'none':null}", "[{{none}}]", "[]" },
    { "{'a':1}", "[{{missing}}]", "[]" },
    { "{'empty':''}", "[{{empty}}]", "[]" },
    { "{'t':'{{u}} {{! no }}','u':'wrong'}", "{{t}}", "{{u}} {{! no }}" },
    { "{'t':'one\\ntwo'}", "  {{t}}\n", "  one&#10;two\n" },

    /* dotted names */

    { "{'ship':{'mate':{'name':'Lin'}}}", "{{ship.mate.name}}", "Lin" },
    { "{'ship':{'mate':{'name':'Lin'}}}",
      "{{#ship}}{{#mate}}{{name}}{{/mate}}{{/ship}}", "Lin" },
    { "{'ship':{'mate':{}},'name':'wrong'}",
      "[{{ship.mate.name}}{{ship.cook.name}}{{boat.name}}]", "[]" },
    { "{'ship':'Ara'}", "[{{ship.name}}]", "[]" },
    { "{'a.b':'wrong','a':{'b':'right'}}", "{{a.b}}", "right" },
    { "{'a':{'b':{'c':'far'}},'b':{'c':'near'}}",
      "{{#a}}{{b.c}}{{/a}} {{b.c}}", "far near" },
    { "{'a':{'b':{}},'b':{'c':'wrong'}}", "[{{#a}}{{b.c}}{{/a}}]", "[]" },
    { "{'a':{'b':0},'b':{'c':'wrong'}}", "[{{#a}}{{b.c}}{{/a}}]", "[]" },

    /* the value that the section is about */

    { "{'port':'a & b'}", "{{#port}}{{.}}{{/port}}", "a &amp; b" },
    { "{'depth':30}", "{{#depth}}{{.}} m{{/depth}}", "30 m" },

    /* white space around a tag stays, within it does not count */

    { "{'a':'x'}", "| {{a}} |", "| x |" },
    { "{'a':'x'}", "\t{{a}} \n", "\tx \n" },
    { "{'a':'x'}", "\n{{a}}\n\n", "\nx\n\n" },
    { "{'a':'x'}", "|{{ a}}{{a }}{{\ta\t}}{{\na\r\n}}|", "|xxxx|" },
    { "{'a':'x','b':''}", "{{b}}\n{{a}}\n{{b}}", "\nx\n" },
};


static const mustache_case_t  sections[] = {

    /* what is true, and what is not */

    { "{'a':true}", "{{#a}}in{{/a}}", "in" },
    { "{'a':'no'}", "{{#a}}in{{/a}}", "in" },
    { "{'a':1}", "{{#a}}in{{/a}}", "in" },
    { "{'a':{'b':false}}", "{{#a}}in{{/a}}", "in" },
    { "{'a':[0]}", "{{#a}}in{{/a}}", "in" },
    { "{'a':false}", "[{{#a}}in{{/a}}]", "[]" },
    { "{'a':null}", "[{{#a}}in{{/a}}]", "[]" },
    { "{'a':[]}", "[{{#a}}in{{/a}}]", "[]" },
    { "{'b':1}", "[{{#a}}in{{/a}}]", "[]" },

    /* where the specification leaves it open */

    { "{'a':0}", "{{#a}}in{{/a}}", "in" },
    { "{'a':''}", "[{{#a}}in{{/a}}]", "[]" },
    { "{'a':{}}", "[{{#a}}in{{/a}}]", "[]" },

    /* contexts are stacked */

    { "{'ship':{'name':'Ara'}}", "{{#ship}}the {{name}}{{/ship}}", "the Ara" },
    { "{'name':'out','fleet':'F','ship':{'name':'in'}}",
      "{{name}}{{#ship}} {{name}} {{fleet}} {{/ship}}{{name}}",
      "out in F out" },
    { "{'a':{'n':1},'b':{'m':2},'c':{'n':3,'d':{'o':4}}}",
      "{{#a}}{{n}}{{#b}}{{n}}{{m}}{{#c}}{{n}}{{m}}{{#d}}{{o}}{{n}}{{m}}"
      "{{/d}}{{o}}{{n}}{{/c}}{{n}}{{m}}{{/b}}{{m}}{{n}}{{/a}}{{n}}",
      "112324323121" },
    { "{'a':{'here':null,'b':{'c':1}},'here':'wrong'}",
      "[{{#a}}{{#b}}{{here}}{{/b}}{{/a}}]", "[]" },
    { "{'flag':true,'name':'Ara'}", "{{#flag}}{{name}}{{/flag}}", "Ara" },

    /* lists */

    { "{'l':[{'n':1},{'n':2},{'n':3}]}", "{{#l}}{{n}};{{/l}}", "1;2;3;" },
    { "{'n':'-','l':[{'n':1},{},{'n':3}]}", "{{#l}}{{n}}{{/l}}", "1-3" },
    { "{'l':['a','<','c']}", "{{#l}}({{.}}){{/l}}", "(a)(&lt;)(c)" },
    { "{'l':[1,-2,3.50,true,null]}", "{{#l}}({{.}}){{/l}}",
      "(1)(-2)(3.50)(true)()" },
    { "{'l':[[1,2],[],[3]]}", "{{#l}}({{#.}}{{.}}{{/.}}){{/l}}",
      "(12)()(3)" },
    { "{'l':[{'m':['a','b']},{'m':['c']}]}",
      "{{#l}}[{{#m}}{{.}}{{/m}}]{{/l}}", "[ab][c]" },
    { "{'l':[{'on':true},{'on':false},{}]}",
      "{{#l}}{{#on}}y{{/on}}{{^on}}n{{/on}}{{/l}}", "ynn" },
    { "{'ports':[{'name':'A','berths':[{'no':1},{'no':2}]},"
      "{'name':'B','berths':[{'no':3}]}]}",
      "{{#ports}}{{#berths}}{{name}}{{no}} {{/berths}}{{/ports}}",
      "A1 A2 B3 " },

    /* inside one another, and one after another */

    { "{'a':true}", "{{#a}}x{{/a}}-{{#a}}y{{/a}}", "x-y" },
    { "{'a':true,'b':true}", "{{#a}}1{{#b}}2{{/b}}3{{/a}}", "123" },
    { "{'a':true,'b':false}", "{{#a}}1{{#b}}2{{/b}}3{{/a}}", "13" },
    { "{'a':true}", "{{#a}}1{{#a}}2{{/a}}3{{/a}}", "123" },

    /* dotted names */

    { "{'a':{'b':{'c':true}}}", "{{#a.b.c}}in{{/a.b.c}}", "in" },
    { "{'a':{'b':{'c':false}}}", "[{{#a.b.c}}in{{/a.b.c}}]", "[]" },
    { "{'a':{}}", "[{{#a.b.c}}in{{/a.b.c}}]", "[]" },
    { "{'a':{'l':[1,2]}}", "{{#a.l}}{{.}}{{/a.l}}", "12" },

    /* white space */

    { "{'a':true}", "| {{#a}}\t|\t{{/a}} |\n", "| \t|\t |\n" },
    { "{'a':true}", "| {{#a}} {{! x }}\n {{/a}} |\n", "|  \n  |\n" },
    { "{'a':true}", " {{#a}}x{{/a}}\n {{#a}}y{{/a}}\n", " x\n y\n" },
    { "{'a':true}", "|{{# a\t}}x{{/\na }}|", "|x|" },
    { "{'a':true}", "{{#a}}{{/a}}\n|", "\n|" },

    /* alone on its line, a tag takes the line with it */

    { "{'a':true}", "top\n{{#a}}\nmid\n{{/a}}\nend\n", "top\nmid\nend\n" },
    { "{'a':true}", "top\n \t{{#a}} \t\nmid\n  {{/a}}\t\nend\n",
      "top\nmid\nend\n" },
    { "{'a':true}", "top\r\n{{#a}}\r\nmid\r\n{{/a}}\r\nend",
      "top\r\nmid\r\nend" },
    { "{'a':true}", "  {{#a}}\nmid\n{{/a}}\n", "mid\n" },
    { "{'a':true}", "{{#a}}\nmid\n  {{/a}}", "mid\n" },
    { "{'a':false}", "top\n{{#a}}\nmid\n{{/a}}\nend\n", "top\nend\n" },
    { "{'l':[1,2]}", "{{#l}}\n- {{.}}\n{{/l}}\n", "- 1\n- 2\n" },
    { "{'l':[1,2]}", "\n{{#l}}\n\n{{.}}\n\n{{/l}}\n\n",
      "\n\n1\n\n\n2\n\n\n" },
    { "{'a':true,'b':true}", "{{#a}}\n  {{#b}}\n  x\n  {{/b}}\n{{/a}}\n",
      "  x\n" },
};


static const mustache_case_t  inverted[] = {
    { "{'a':false}", "{{^a}}out{{/a}}", "out" },
    { "{'a':null}", "{{^a}}out{{/a}}", "out" },
    { "{'a':[]}", "{{^a}}out{{/a}}", "out" },
    { "{'b':1}", "{{^a}}out{{/a}}", "out" },
    { "{'a':true}", "[{{^a}}out{{/a}}]", "[]" },
    { "{'a':'x'}", "[{{^a}}out{{/a}}]", "[]" },
    { "{'a':{'b':1}}", "[{{^a}}out {{b}}{{/a}}]", "[]" },
    { "{'a':[{'b':1}]}", "[{{^a}}out {{b}}{{/a}}]", "[]" },

    { "{'a':{'b':{'c':true}}}", "[{{^a.b.c}}out{{/a.b.c}}]", "[]" },
    { "{'a':{'b':{'c':false}}}", "{{^a.b.c}}out{{/a.b.c}}", "out" },
    { "{'a':{}}", "{{^a.b.c}}out{{/a.b.c}}", "out" },

    /* it is about nothing, so that names mean what they did */

    { "{'a':{'n':1,'b':false},'n':2}", "{{#a}}{{^b}}{{n}}{{/b}}{{/a}}", "1" },
    { "{'l':[1,2],'none':[]}", "{{#l}}{{^none}}{{.}}{{/none}}{{/l}}", "12" },

    { "{'a':false}", "{{^a}}x{{/a}}-{{^a}}y{{/a}}", "x-y" },
    { "{'a':false,'b':false}", "{{^a}}1{{^b}}2{{/b}}3{{/a}}", "123" },
    { "{'a':false,'b':true}", "{{^a}}1{{^b}}2{{/b}}3{{/a}}", "13" },
    { "{'a':true}", "{{#a}}1{{^a}}2{{/a}}3{{/a}}", "13" },

    { "{'b':1}", "| {{^a}}\t|\t{{/a}} |\n", "| \t|\t |\n" },
    { "{'b':1}", " {{^a}}x{{/a}}\n {{^a}}y{{/a}}\n", " x\n y\n" },
    { "{'b':1}", "|{{^ a\t}}x{{/\na }}|", "|x|" },
    { "{'b':1}", "top\n{{^a}}\nmid\n{{/a}}\nend\n", "top\nmid\nend\n" },
    { "{'b':1}", "top\n \t{{^a}} \t\nmid\n  {{/a}}\t\nend\n",
      "top\nmid\nend\n" },
    { "{'b':1}", "top\r\n{{^a}}\r\nmid\r\n{{/a}}\r\nend",
      "top\r\nmid\r\nend" },
    { "{'b':1}", "  {{^a}}\nmid\n{{/a}}\n", "mid\n" },
    { "{'b':1}", "{{^a}}\nmid\n  {{/a}}", "mid\n" },
    { "{'b':1}", "top\n{{^b}}\nmid\n{{/b}}\nend\n", "top\nend\n" },
};


static const mustache_case_t  comments[] = {
    { "{'a':1}", "be{{! not me }}fore", "before" },
    { "{'a':1}", "be{{!\n not\n me\n}}fore\n", "before\n" },
    { "{'a':1}", "{{!}}{{!a}}{{! a }}{{!#a}}{{!/a}}{{!}x}}{{!{{a}}.", "." },
    { "{'!a':'wrong','! a':'wrong','a':1}", "[{{!a}}{{! a }}]", "[]" },

    { "{'a':1}", "a {{! x }} b\n", "a  b\n" },
    { "{'a':1}", "  a {{! x }}\n", "  a \n" },
    { "{'a':1}", "{{! x }}{{! y }}\n|", "\n|" },
    { "{'a':1}", "{{! x }} a\n", " a\n" },

    { "{'a':1}", "top\n{{! x }}\nend\n", "top\nend\n" },
    { "{'a':1}", "top\n\t {{! x }} \t\nend\n", "top\nend\n" },
    { "{'a':1}", "top\r\n{{! x }}\r\nend\r\n", "top\r\nend\r\n" },
    { "{'a':1}", "  {{! x }}\nend", "end" },
    { "{'a':1}", "top\n  {{! x }}", "top\n" },
    { "{'a':1}", "top\n{{!\n one\n\n two }}\nend\n", "top\nend\n" },
    { "{'a':1}", "top\n  {{!\n one\n  }}  \nend\n", "top\nend\n" },
    { "{'a':1}", "top\r\n{{!\r\n one\r\n}}\r\nend", "top\r\nend" },
};


static const mustache_partial_t  partials[] = {
    { "from afar", NULL, { "{'a':1}", "[{{>part}}]", "[from afar]" } },
    { "{{a}}", NULL, { "{'a':'x'}", "[{{>part}}]", "[x]" } },
    { "", NULL, { "{'a':1}", "[{{>part}}]", "[]" } },
    { "p", NULL, { "{'a':1}", "{{>part}}{{>part}}", "pp" } },
    { "1-{{>sub}}-3", "2", { "{'a':1}", "[{{>part}}]", "[1-2-3]" } },
    { "the {{name}}", NULL,
      { "{'ship':{'name':'Ara'},'name':'wrong'}",
        "{{#ship}}{{>part}}{{/ship}}", "the Ara" } },
    { "({{.}})", NULL, { "{'l':[1,2]}", "{{#l}}{{>part}}{{/l}}", "(1)(2)" } },
    { "[{{#m}}{{>sub}}{{/m}}]", "{{.}}",
      { "{'l':[{'m':[1,2]},{'m':[3]}]}", "{{#l}}{{>part}}{{/l}}",
        "[12][3]" } },
    { "wrong", NULL, { "{'t':'{{>part}}'}", "{{t}}", "{{&gt;part}}" } },

    /* white space */

    { "\t|\t", NULL, { "{'a':1}", "| {{>part}} |", "| \t|\t |" } },
    { "p", NULL, { "{'a':1}", "|{{> part\t}}|", "|p|" } },
    { "p\nq", NULL, { "{'a':'x'}", "  {{a}} {{> part}}\n", "  x p\nq\n" } },
    { "p\nq\n", NULL, { "{'a':1}", "  {{>part}} .\n", "  p\nq\n .\n" } },
    { "p\n", NULL, { "{'a':1}", "top\n{{>part}}\nend\n", "top\np\nend\n" } },
    { "p", NULL, { "{'a':1}", "top\r\n{{>part}}\r\nend", "top\r\npend" } },
    { "p\nq", NULL, { "{'a':1}", "  {{>part}}\nend", "  p\n  qend" } },
    { "p\nq", NULL, { "{'a':1}", "top\n  {{>part}}", "top\n  p\n  q" } },

    /* alone on its line, its indentation is that of each line */

    { "p\n q\n", NULL,
      { "{'a':1}", " \t{{>part}}  \nend\n", " \tp\n \t q\nend\n" } },
    { "[\n{{t}}\n]\n", NULL,
      { "{'t':'p\\nq'}", "top\n  {{>part}}\nend\n",
        "top\n  [\n  p&#10;q\n  ]\nend\n" } },
    { "1\n  {{>sub}}\n4\n", "2\n3\n",
      { "{'a':1}", "  {{>part}}\n", "  1\n    2\n    3\n  4\n" } },
    { "1 {{>sub}} 4\n", "2\n3\n",
      { "{'a':1}", "  {{>part}}\n", "  1 2\n3\n 4\n" } },
    { "1\n{{#a}}\n2\n{{/a}}\n{{! x }}\n3\n", NULL,
      { "{'a':true}", "  {{>part}}\n", "  1\n  2\n  3\n" } },
    { "1\n{{#a}}2{{/a}}\n", NULL,
      { "{'a':true}", "  {{>part}}\n", "  1\n  2\n" } },
    { "{{.}}\n.\n", NULL,
      { "{'l':[1,2]}", "{{#l}}\n  {{>part}}\n{{/l}}\n",
        "  1\n  .\n  2\n  .\n" } },
    { "{{#l}}\n{{.}},\n{{/l}}\n", NULL,
      { "{'l':[1,2]}", "  {{>part}}\n", "  1,\n  2,\n" } },

    /* but not of an empty one */

    { "1\n\n\r\n2\n", NULL,
      { "{'a':1}", "  {{>part}}\n", "  1\n\n\r\n  2\n" } },
};


/* what is refused, and where */

static const mustache_partial_t  refused[] = {
    { NULL, NULL,
      { NULL, "\n{{{a}}}",
        "page.html:2: \"{{{\": values are always escaped" } },
    { NULL, NULL,
      { NULL, "\n\n{{& a }}",
        "page.html:3: \"{{&\": values are always escaped" } },
    { NULL, NULL,
      { NULL, "{{=<% %>=}}",
        "page.html:1: \"{{=\": delimiters cannot be changed" } },
    { NULL, NULL,
      { NULL, "{{! a }}\n\n {{= | | =}}",
        "page.html:3: \"{{=\": delimiters cannot be changed" } },
    { NULL, NULL,
      { NULL, "a\n{{$block}}b{{/block}}",
        "page.html:2: \"{{$\": blocks and dynamic names" } },
    { "p", NULL,
      { NULL, "{{<part}}{{/part}}",
        "page.html:1: \"{{<\": blocks and dynamic names" } },
    { NULL, NULL,
      { NULL, "{{*name}}",
        "page.html:1: \"{{*\": blocks and dynamic names" } },
    { NULL, NULL,
      { NULL, "a\r\n{{>*name}}",
        "page.html:2: \"*name\" is no name of a partial" } },
    { "\n\n{{{a}}}", NULL,
      { NULL, "{{>part}}",
        "part.html:3: \"{{{\": values are always escaped" } },
    { NULL, NULL, { NULL, "\n{{>none}}", "page.html:2: {{>none}}: " } },
    { NULL, NULL,
      { NULL, "{{>page}}", "page.html:1: {{>page}} includes itself" } },
    { "{{>sub}}", "\n{{>part}}",
      { NULL, "{{>part}}", "sub.html:2: {{>part}} includes itself" } },
    { NULL, NULL,
      { NULL, "{{#a}}\n{{#b}}\n{{/a}}\n{{/b}}",
        "page.html:3: {{/a}} closes {{#b}} of line 2" } },
    { NULL, NULL, { NULL, "\n{{/a}}", "page.html:2: {{/a}} without {{#a}}" } },
    { NULL, NULL,
      { NULL, "\n{{#a}}\n", "page.html:2: {{#a}} is never closed" } },
    { "{{#a}}", NULL,
      { NULL, "{{>part}}{{/a}}", "part.html:1: {{#a}} is never closed" } },
    { "{{/a}}", NULL,
      { NULL, "{{#a}}{{>part}}", "part.html:1: {{/a}} without {{#a}}" } },
    { NULL, NULL,
      { NULL, "{{a}}\n{{a", "page.html:2: \"{{\" without \"}}\"" } },
    { NULL, NULL,
      { NULL, "{{a}}\n{{ }}", "page.html:2: a tag without a name" } },
    { NULL, NULL,
      { NULL, "{{#}}{{/}}", "page.html:1: a tag without a name" } },
    { NULL, NULL,
      { NULL, "{{a b}}", "page.html:1: \"a b\" is no name of a fact" } },
    { NULL, NULL,
      { NULL, "{{ #a}}", "page.html:1: \"#a\" is no name of a fact" } },
};


static void
put(view_dir_t *d, cv_format_t format, const char *name, const char *text)
{
    char  file[32];

    if (text != NULL) {
        (void) snprintf(file, sizeof(file), "%s.%.*s", name,
                        CV_FMT(cv_format_names[format]));
        view_dir_put(d, file, text);
    }
}


static cv_document_t *
load(const mustache_partial_t *c, cv_format_t format, cv_error_t *error)
{
    cv_err_t        err;
    view_dir_t      d;
    cv_document_t  *document;

    view_dir_open(&d);
    put(&d, format, "v", WITHIN_DATA);
    put(&d, format, "page", c->with.page);
    put(&d, format, "part", c->part);
    put(&d, format, "sub", c->sub);

    err = cv_document_load(&document, d.dir, "v", error);
    view_dir_close(&d);

    return err == CV_OK ? document : NULL;
}


static void
assert_case(const mustache_partial_t *c, cv_format_t format)
{
    char            *p, json[256];
    cv_buf_t         out;
    cv_error_t       error;
    view_facts_t     v;
    cv_document_t   *document;
    cv_rendering_t   rendering;

    (void) snprintf(json, sizeof(json), "%s", c->with.data);

    for (p = json; *p != '\0'; p++) {
        *p = *p == '\'' ? '"' : *p;
    }

    view_facts_init(&v);
    v.facts.at[CV_FACT_CREDENTIAL_ATTRIBUTES].text = view_doc(&v, json);

    document = load(c, format, &error);

    if (document == NULL) {
        fail_msg("%s: %s", c->with.page, error.text);
    }

    cv_buf_init(&out, 4096);
    assert_int_equal(cv_document_render(document, format, CV_VALID, &v.facts,
                                        &out, &rendering), CV_OK);
    cv_buf_append_byte(&out, '\0');

    if (strcmp((char *) out.data, c->with.expected) != 0) {
        fail_msg("\"%s\" of %s is \"%s\"", c->with.page, c->with.data,
                 (char *) out.data);
    }

    cv_buf_free(&out);
    cv_document_free(document);
}


static void
assert_cases(const mustache_case_t *cases, size_t n)
{
    size_t              i;
    mustache_partial_t  c;

    for (i = 0; i < n; i++) {
        c = (mustache_partial_t) { NULL, NULL, cases[i] };
        assert_case(&c, CV_FORMAT_HTML);
        assert_case(&c, CV_FORMAT_SVG);
    }
}


static void
test_interpolation(void **state)
{
    (void) state;
    assert_cases(interpolation, COUNT(interpolation));
}


static void
test_sections(void **state)
{
    (void) state;
    assert_cases(sections, COUNT(sections));
}


static void
test_inverted(void **state)
{
    (void) state;
    assert_cases(inverted, COUNT(inverted));
}


static void
test_comments(void **state)
{
    (void) state;
    assert_cases(comments, COUNT(comments));
}


static void
test_partials(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < COUNT(partials); i++) {
        assert_case(&partials[i], CV_FORMAT_HTML);
        assert_case(&partials[i], CV_FORMAT_SVG);
    }
}


static void
test_refused(void **state)
{
    size_t          i;
    cv_error_t      error;
    cv_document_t  *document;

    (void) state;

    for (i = 0; i < COUNT(refused); i++) {
        document = load(&refused[i], CV_FORMAT_HTML, &error);

        if (document != NULL) {
            fail_msg("accepted: %s", refused[i].with.page);
        }

        if (strstr(error.text, refused[i].with.expected) == NULL) {
            fail_msg("%s: \"%s\" lacks \"%s\"", refused[i].with.page,
                     error.text, refused[i].with.expected);
        }
    }
}


int
main(void)
{
    static const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_interpolation),
        cmocka_unit_test(test_sections),
        cmocka_unit_test(test_inverted),
        cmocka_unit_test(test_comments),
        cmocka_unit_test(test_partials),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests_name("mustache", tests, NULL, NULL);
}
