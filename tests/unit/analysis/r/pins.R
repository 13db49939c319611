# Values of R's survey package and of base R that the tests of cohort.analysis are pinned to.
# Run in this folder: Rscript pins.R   (reads people.csv of make_people.py, writes pins.json)
suppressMessages({library(survey); library(jsonlite)})
options(survey.lonely.psu = "fail", digits = 15)
tight <- glm.control(epsilon = 1e-14, maxit = 100)

d <- read.csv("people.csv")
d$smoking <- factor(d$smoking, levels = c("never", "former", "current"))
d$adult <- d$age >= 20
full <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, nest = TRUE, data = d)
# Weights of zero leave the domain, as in R where their sampling probability is infinite.
adults <- subset(full, adult & weight > 0)
lone <- svydesign(ids = ~lone_psu, strata = ~lone_stratum, weights = ~weight, data = d)

table_of <- function(fit, ddf = NULL) {
  terms <- names(coef(fit))
  limits <- if (inherits(fit, "svyglm")) confint(fit, ddf = ddf) else confint.default(fit)
  list(term = terms, estimate = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))),
       lower = unname(limits[, 1]), upper = unname(limits[, 2]), df = fit$df.residual)
}
mean_of <- function(variable, design) {
  design <- eval(bquote(subset(design, !is.na(.(as.name(variable))))))
  m <- svymean(as.formula(paste0("~", variable)), design)
  limits <- confint(m, df = degf(design))
  list(mean = unname(coef(m)), se = as.numeric(SE(m)), df = degf(design), lower = limits[1], upper = limits[2],
       n = sum(weights(design) > 0))
}
share_of <- function(variable, design) {
  design <- eval(bquote(subset(design, !is.na(.(as.name(variable))))))
  p <- eval(bquote(svyciprop(~.(as.name(variable)), design, method = "logit")))
  limits <- attr(p, "ci")
  list(share = unname(as.numeric(p)), se = unname(sqrt(as.numeric(attr(p, "var")))), df = degf(design),
       lower = unname(limits[1]), upper = unname(limits[2]))
}

model <- ill ~ ra + age + female + bmi + smoking
survey_model <- svyglm(model, adults, family = quasibinomial, control = tight)
women <- svyglm(update(model, . ~ . - female), subset(adults, female == 1), family = quasibinomial, control = tight)
linear <- svyglm(ln_crp ~ ra + age + female + bmi + smoking, adults)
weights_only <- svydesign(ids = ~1, weights = ~weight, data = d)
plain <- d[d$adult, ]
simple <- glm(model, binomial, plain, control = tight)
ordinary <- lm(ln_crp ~ ra + age + female + bmi + smoking, plain)
x <- model.matrix(ordinary)
bread <- solve(crossprod(x))
hc1 <- bread %*% crossprod(x * resid(ordinary)) %*% bread * nrow(x) / (nrow(x) - ncol(x))

# Standardised risks: the influence function written out, its variance by svyrecvar.
standardise <- function(fit, design, weights, simple = FALSE) {
  x <- model.matrix(fit)
  y <- fit$y
  w <- weights / sum(weights)
  mu <- plogis(drop(x %*% coef(fit)))
  inverse <- solve(crossprod(x * (w * mu * (1 - mu)), x))
  beta_influence <- (x * (w * (y - mu))) %*% inverse
  risks <- influence <- NULL
  for (a in 0:1) {
    xa <- x
    xa[, "ra"] <- a
    m <- plogis(drop(xa %*% coef(fit)))
    risks <- c(risks, sum(w * m))
    gradient <- colSums(w * m * (1 - m) * xa)
    influence <- cbind(influence, w * (m - sum(w * m)) + drop(beta_influence %*% gradient))
  }
  n <- nrow(x)
  v <- if (simple) crossprod(scale(influence, scale = FALSE)) * n / (n - 1) else
    svyrecvar(influence, design$cluster, design$strata, design$fpc)
  se <- function(g) sqrt(drop(t(g) %*% v %*% g))
  p0 <- risks[1]; p1 <- risks[2]
  list(risk0 = p0, risk1 = p1, se_risk0 = sqrt(v[1, 1]), se_risk1 = sqrt(v[2, 2]),
       rr = p1 / p0, se_log_rr = se(c(-1 / p0, 1 / p1)), rd = p1 - p0, se_rd = se(c(-1, 1)),
       or = p1 / (1 - p1) / (p0 / (1 - p0)), se_log_or = se(c(-1 / (p0 * (1 - p0)), 1 / (p1 * (1 - p1)))))
}
complete <- subset(adults, !is.na(ill) & !is.na(ra) & !is.na(bmi))
complete_fit <- svyglm(model, complete, family = quasibinomial, control = tight)
# svypredmeans: the same means, coefficients and covariates taken as independent in its variance.
means <- svypredmeans(svyglm(update(model, . ~ . - ra), complete, family = quasibinomial, control = tight), ~ra)

interacting <- svyglm(ill ~ ra * infection + age + female, adults, family = quasibinomial, control = tight)
b <- coef(interacting)[c("ra", "infection", "ra:infection")]
v <- vcov(interacting)[names(b), names(b)]
or10 <- exp(b[1]); or01 <- exp(b[2]); or11 <- exp(sum(b))
g <- c(or11 - or10, or11 - or01, or11)

options(survey.lonely.psu = "adjust")
pins <- list(
  versions = list(R = R.version.string, survey = as.character(packageVersion("survey"))),
  mean_bmi = mean_of("bmi", adults), mean_crp_women = mean_of("ln_crp", subset(adults, female == 1)),
  share_ill = share_of("ill", adults),
  share_ill_by_smoking = lapply(setNames(nm = levels(d$smoking)), function(s)
    share_of("ill", eval(bquote(subset(adults, smoking == .(s)))))),
  lone_mean_bmi = mean_of("bmi", subset(lone, weight > 0)),
  lone_svyglm = table_of(svyglm(ill ~ ra + age, subset(lone, weight > 0), family = quasibinomial, control = tight)),
  svyglm = table_of(survey_model), svyglm_women = table_of(women), svyglm_gaussian = table_of(linear),
  weights_only = table_of(svyglm(ill ~ ra + age, subset(weights_only, weight > 0), family = quasibinomial,
                                 control = tight)),
  glm = table_of(simple),
  lm_hc1 = list(term = names(coef(ordinary)), estimate = unname(coef(ordinary)), se = unname(sqrt(diag(hc1))),
                df = ordinary$df.residual),
  standardised_survey = standardise(complete_fit, complete, weights(complete)),
  standardised_simple = standardise(simple, NULL, rep(1, length(simple$y)), TRUE),
  svypredmeans = list(group = names(coef(means)), mean = unname(coef(means))),
  reri = list(product = unname(exp(b[3])), se_log_product = unname(sqrt(v[3, 3])),
              reri = unname(or11 - or10 - or01 + 1), se = sqrt(drop(t(g) %*% v %*% g)), df = interacting$df.residual)
)
write(toJSON(pins, digits = I(15), auto_unbox = TRUE, pretty = TRUE), "pins.json")
