/* report_style.h - the HTML report's style and script: report.css and report.js. */
#ifndef JEHEAP_REPORT_STYLE_H
#define JEHEAP_REPORT_STYLE_H

extern const char report_style[], report_script[];

#endif
