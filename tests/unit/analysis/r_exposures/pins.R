# Values that tests/unit/analysis/test_censored.py pins cohort.analysis.censored to.
# Made with R 4.2.2, survival 3.5.3, survey 4.1.1, by: cd tests/unit/analysis/r_exposures && Rscript pins.R
library(survival)
library(survey)
library(jsonlite)

set.seed(20240611)
n <- 480
stratum <- rep(1:8, each = 60)
psu <- rep(rep(1:3, each = 20), 8)
effect <- rnorm(24, sd = 0.3)[(stratum - 1) * 3 + psu]
trauma <- rbinom(n, 1, 0.3)
age <- round(rnorm(n, 45, 12))
smoking <- sample(c("never", "former", "current"), n, TRUE, c(0.5, 0.3, 0.2))
weight <- round(exp(rnorm(n, 3, 0.6)), 3)
ln_crp <- 0.1 + 0.3 * trauma + 0.01 * (age - 45) + 0.3 * (smoking == "current") + effect + rnorm(n)
limit <- ifelse(stratum <= 4, log(0.6), log(0.3))
below <- ln_crp < limit
ln_crp <- round(ifelse(below, limit, ln_crp), 6)
eligible <- age >= 25
people <- data.frame(stratum, psu, weight, trauma, age, smoking, ln_crp, below = as.integer(below),
                     eligible = as.integer(eligible))
write.csv(people, "people.csv", row.names = FALSE)

people <- read.csv("people.csv")
people$smoking <- factor(people$smoking, c("never", "former", "current"))
people$seen <- 1 - people$below
model <- Surv(ln_crp, seen, type = "left") ~ trauma + age + smoking
control <- survreg.control(rel.tolerance = 1e-12, maxiter = 200)

simple <- survreg(model, subset(people, eligible == 1), dist = "gaussian", control = control)
design <- svydesign(~psu, strata = ~stratum, weights = ~weight, data = people, nest = TRUE)
domain <- subset(design, eligible == 1)
weighted <- svysurvreg(model, design = domain, dist = "gaussian", control = control)

pins <- list(
  versions = list(R = as.character(getRversion()), survival = as.character(packageVersion("survival")),
                  survey = as.character(packageVersion("survey"))),
  names = c(names(coef(simple)), "ln_sigma"),
  simple = list(coefficients = unname(c(coef(simple), log(simple$scale))), se = unname(sqrt(diag(vcov(simple)))),
                log_likelihood = simple$loglik[2]),
  survey = list(coefficients = unname(c(coef(weighted), log(weighted$scale))), se = unname(sqrt(diag(vcov(weighted)))),
                df = degf(domain))
)
write(toJSON(pins, digits = 12, auto_unbox = TRUE, pretty = TRUE), "pins.json")
