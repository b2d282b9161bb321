/* SPDX-License-Identifier: Apache-2.0 */
#include "trial_page.h"

#include <math.h>
#include <stdlib.h>

#define WIDTH  480 /* of a plot, in units of its viewBox */
#define HEIGHT 300
#define LEFT   44 /* room for labels */
#define BELOW  34

static double x_of(double share)
{
    return LEFT + share * (WIDTH - LEFT - 8);
}

static double y_of(double share)
{
    return HEIGHT - share * (HEIGHT - 16);
}

/* @param label  shape [5]: along the bottom */
static void begin(FILE *to, const char *title, const char *const *label)
{
    fprintf(to,
            "<div><h2>%s</h2><svg class=\"half\" viewBox=\"0 0 %d %d\" "
            "role=\"img\" aria-label=\"%s\">\n",
            title, WIDTH, HEIGHT + BELOW, title);
    for (int i = 0; i <= 4; i++) {
        fprintf(to,
                "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" "
                "y2=\"%.1f\"/><text x=\"%d\" y=\"%.1f\" "
                "text-anchor=\"end\">%d %%</text><text x=\"%.1f\" "
                "y=\"%d\" text-anchor=\"%s\">%s</text>\n",
                LEFT, WIDTH - 8, y_of(i / 4.0), y_of(i / 4.0), LEFT - 5,
                y_of(i / 4.0) + 4.0, i * 25, x_of(i / 4.0), HEIGHT + 22,
                (i == 4) ? "end" : "middle", label[i]);
    }
}

static void end(FILE *to, const char *words)
{
    fprintf(to, "</svg><p>%s</p></div>\n", words);
}

static void put_dot(FILE *to, double x, double y)
{
    fprintf(to, "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n",
            x_of(x), y_of(y));
}

/* 0.01 % .. 100 % of people, logarithmic: what counts lies at the left. */
static double log_share(uint32_t part, uint32_t whole)
{
    double share = (double)part / fmax(1.0, whole);

    return (share <= 1e-4) ? 0.0 : 1.0 + log10(share) / 4.0;
}

static const trial_point_t *at_threshold(const trial_curve_t *c, float t)
{
    const trial_point_t *found = NULL;

    for (uint32_t i = 0; i < c->n && c->point[i].threshold >= t; i++) {
        found = &c->point[i];
    }
    return found;
}

static void put_roc(FILE *to, const mlg_trial_report_t *r,
                    const trial_curve_t *c)
{
    static const char *const label[] = {"0.01 %", "0.1 %", "1 %", "10 %",
                                        "100 %"};
    const trial_point_t *here = at_threshold(c, r->threshold);

    begin(to, "Attackers caught, by people refused (ROC)", label);
    fprintf(to, "<path class=\"curve\" d=\"M%.1f %.1f", x_of(0.0), y_of(0.0));
    for (uint32_t i = 0; i < c->n; i++) {
        double x = x_of(log_share(c->point[i].people, c->people));

        fprintf(to, "L%.1f %.1f", x,
                y_of((double)c->point[i].attackers / fmax(1.0, c->attackers)));
    }
    fputs("\"/>\n", to);
    if (here != NULL) {
        put_dot(to, log_share(here->people, c->people),
                (double)here->attackers / fmax(1.0, c->attackers));
    }
    end(to, "Clients, one threshold for all sites; logarithmic. The dot is the "
            "threshold.");
}

static void put_precision(FILE *to, const mlg_trial_report_t *r,
                          const trial_curve_t *c)
{
    static const char *const label[] = {"0 %", "25 %", "50 %", "75 %", "100 %"};
    const trial_point_t *here = at_threshold(c, r->threshold);
    int is_first = 1;

    begin(to, "Precision, by attackers caught (recall)", label);
    fputs("<path class=\"curve\" d=\"", to);
    for (uint32_t i = 0; i < c->n; i++) {
        double both = (double)c->point[i].attackers + c->point[i].people;

        fprintf(to, "%s%.1f %.1f", is_first ? "M" : "L",
                x_of((double)c->point[i].attackers / fmax(1.0, c->attackers)),
                y_of(c->point[i].attackers / fmax(1.0, both)));
        is_first = 0;
    }
    fputs("\"/>\n", to);
    if (here != NULL) {
        put_dot(to, (double)here->attackers / fmax(1.0, c->attackers),
                here->attackers /
                    fmax(1.0, (double)here->attackers + here->people));
    }
    end(to, "Of those who are refused, how many are attackers.");
}

static void put_calibration(FILE *to, const mlg_trial_report_t *r)
{
    static const char *const label[] = {"0", "0.25", "0.5", "0.75", "1"};
    trial_bin_t bin[TRIAL_BINS];
    int is_first = 1;

    trial_bins(bin, r);
    begin(to, "Attackers among clients, by score (calibration)", label);
    fprintf(to,
            "<line class=\"limit\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
            "y2=\"%.1f\"/>\n<path class=\"curve\" d=\"",
            x_of(0.0), y_of(0.0), x_of(1.0), y_of(1.0));
    for (int i = 0; i < TRIAL_BINS; i++) {
        if (!isnan(bin[i].share)) {
            fprintf(to, "%s%.1f %.1f", is_first ? "M" : "L", x_of(bin[i].score),
                    y_of(bin[i].share));
            is_first = 0;
        }
    }
    fputs("\"/>\n", to);
    end(to, "A calibrated score lies on the dashed line. Every client counts "
            "once.");
}

static void put_trees(FILE *to, const mlg_train_t *t)
{
    char text[5][12];
    const char *label[5];
    int is_first = 1;

    for (int i = 0; i <= 4; i++) {
        snprintf(text[i], sizeof(text[i]), "%u",
                 (unsigned)((double)t->boost.trees * i / 4.0));
        label[i] = text[i];
    }
    begin(to, "Attackers found, by trees", label);
    fputs("<path class=\"curve\" d=\"", to);
    for (uint32_t i = 0; i < t->boost.trees; i++) {
        if (!isnan(t->found[i])) {
            fprintf(to, "%s%.1f %.1f", is_first ? "M" : "L",
                    x_of((i + 1.0) / t->boost.trees), y_of(t->found[i]));
            is_first = 0;
        }
    }
    fputs("\"/>\n", to);
    put_dot(to, (double)t->ntrees / t->boost.trees, t->found[t->ntrees - 1]);
    end(to, "On left-out sites, while up to 1 % of their people are refused. "
            "The dot is what was taken.");
}

void trial_put_plots(FILE *to, const mlg_trial_report_t *r)
{
    trial_curve_t curve;

    fputs("<section><div class=\"two\">\n", to);
    if (trial_curve(&curve, r)) {
        put_roc(to, r, &curve);
        put_precision(to, r, &curve);
        free(curve.point);
    }
    put_calibration(to, r);
    if (r->train != NULL) {
        put_trees(to, r->train);
    }
    fputs("</div></section>\n", to);
}
