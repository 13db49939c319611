# Restricted cubic splines: R 4.2.2, Hmisc 4.8-0, survey 4.1-1, sandwich 3.0-2. Reads ../mediation/r/mediation.csv.
suppressMessages({library(Hmisc); library(survey); library(sandwich); library(jsonlite)})
d <- read.csv("../mediation/r/mediation.csv")
row <- seq_len(nrow(d)) - 1
d$w <- 1 + row %% 7; d$stratum <- row %/% 100; d$psu <- row %/% 10
out <- list()
for (k in 3:7) out[[paste0("knots", k)]] <- as.numeric(rcspline.eval(d$bmi, nk = k, knots.only = TRUE))
kn <- out$knots4
x0 <- c(20, 24.5, 27, 31, 36)
out$basis <- rcspline.eval(x0, knots = kn, inclx = TRUE)
d <- cbind(d, b = rcspline.eval(d$bmi, knots = kn, inclx = TRUE))
names(d)[(ncol(d) - 2):ncol(d)] <- c("b1", "b2", "b3")
L <- sweep(rcspline.eval(x0, knots = kn, inclx = TRUE), 2, rcspline.eval(c(25, 25), knots = kn, inclx = TRUE)[1, ])
say <- function(co, V, df) {
  i <- c("b1", "b2", "b3"); est <- L %*% co[i]; se <- sqrt(diag(L %*% V[i, i] %*% t(L)))
  wald <- function(i) sum(co[i] * solve(V[i, i], co[i])) / length(i)
  list(estimate = as.numeric(est), se = se, any = wald(i), bent = wald(i[2:3]), df = df)
}
m <- glm(depressed ~ b1 + b2 + b3 + age, binomial, d, epsilon = 1e-14)
out$logistic <- say(coef(m), vcov(m), -1)
m <- lm(crp ~ b1 + b2 + b3 + age, d)
out$linear <- say(coef(m), vcovHC(m, "HC1"), m$df.residual)
s <- svydesign(~psu, strata = ~stratum, weights = ~w, data = d)
m <- svyglm(depressed ~ b1 + b2 + b3 + age, s, family = quasibinomial, epsilon = 1e-14)
out$survey <- say(coef(m), vcov(m), m$df.residual)
t <- regTermTest(m, ~ b2 + b3); out$survey$F <- as.numeric(t$Ftest); out$survey$p <- as.numeric(t$p)
writeLines(toJSON(out, auto_unbox = TRUE, digits = 12, pretty = TRUE), "splines.json")
