# Values that tests/unit/analysis/test_reliability.py is pinned to: psych 2.2.9, lavaan 0.6-14, survey 4.1-1, R 4.2.2.
# Run in this folder: Rscript pins.R   (reads items.csv of make_items.py, writes pins.json)
suppressMessages({library(psych); library(lavaan); library(survey); library(jsonlite)})
options(digits = 15)
names_of <- paste0("item_", 1:6)
d <- read.csv("items.csv")
d <- d[complete.cases(d[, names_of]), ]
items <- d[, names_of]

# Cronbach's alpha and corrected item-total correlations, nothing reversed.
a <- suppressWarnings(psych::alpha(items, check.keys = FALSE, warnings = FALSE))
# Omega total of the unstandardised sum, from base R's maximum likelihood factor analysis.
f <- factanal(covmat = cov(items), factors = 1, n.obs = nrow(items), control = list(nstart = 20, opt = list(factr = 10)))
sds <- sapply(items, sd)
common <- sum(f$loadings[, 1] * sds)^2
omega <- common / (common + sum(f$uniquenesses * sds^2))
# The same of psych, of standardised items; it divides by the observed variance of the sum, not by that of the model.
standardised <- suppressWarnings(suppressMessages(psych::omega(cor(items), nfactors = 1, fm = "ml", flip = FALSE, plot = FALSE)))

# Omega with a standard error that needs no normal items (sandwich, observed information); then with weights.
model <- paste0("f =~ ", paste0(paste0("l", 1:6, "*", names_of), collapse = " + "), "\n",
                paste0(names_of, " ~~ u", 1:6, "*", names_of, collapse = "\n"), "\n",
                "omega := (l1+l2+l3+l4+l5+l6)^2 / ((l1+l2+l3+l4+l5+l6)^2 + u1+u2+u3+u4+u5+u6)")
of <- function(...) {
  fit <- cfa(model, data = d, std.lv = TRUE, estimator = "MLR", meanstructure = TRUE, ...)
  p <- parameterEstimates(fit)
  row <- p[p$label == "omega", ]
  list(value = row$est, se = row$se, srmr = unname(fitMeasures(fit, "srmr_bentler_nomean")))
}

# Alpha under the survey design: the covariance matrix by svyvar, the standard error by the delta method.
design <- svydesign(ids = ~survey_psu, strata = ~survey_stratum, weights = ~survey_weight, data = d, nest = TRUE)
v <- svyvar(~item_1 + item_2 + item_3 + item_4 + item_5 + item_6, design)
S <- matrix(coef(v), 6, 6)
k <- 6
alpha_survey <- k / (k - 1) * (1 - sum(diag(S)) / sum(S))
slope <- as.vector(-k / (k - 1) * (diag(k) / sum(S) - sum(diag(S)) / sum(S)^2))
se_survey <- sqrt(drop(t(slope) %*% attr(v, "var") %*% slope))

pins <- list(
  n = nrow(items), alpha = a$total$raw_alpha, item_rest = unname(a$item.stats$r.drop), omega = omega,
  omega_standardised = standardised$omega.tot, lavaan = of(), lavaan_weighted = of(sampling.weights = "survey_weight"),
  alpha_survey = alpha_survey, alpha_survey_se = se_survey, df = degf(design)
)
write(toJSON(pins, digits = 15, auto_unbox = TRUE, pretty = TRUE), "pins.json")
