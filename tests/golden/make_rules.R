# lavaan's automatic rules: the parameter table of small models. usage: Rscript make_rules.R > rules.json
suppressMessages(library(lavaan))
texts <- list(
 c("sem", "f =~ x1+x2+x3\ng =~ y1+y2+y3\ng ~ f + age\nz ~ g\nw ~ g + sex\nh =~ u1+u2"),
 c("sem", "f =~ x1\nf ~ a + b\ny ~ f + m\nm ~ a\na ~~ b"),
 c("sem", "f =~ x1+x2+x3\nf ~ a\ny ~ 1\ny ~ f"),
 c("growth", "i =~ 1*t1+1*t2+1*t3\ns =~ 0*t1+1*t2+2*t3\ni ~ x\nt1 ~ c1"),
 c("sem", "f =~ x1+x2+x3\ng =~ y1+y2+y3\nh =~ f + g + z1\nz1 ~ k"),
 c("sem", "f =~ x1+x2+x3\nf ~ a + b\nf2 =~ y1+y2\nf2 ~~ a"),
 c("sem", "A =~ a1+a2\nB =~ b1+b2\nA ~ B\nB ~ A\nC =~ c1+c2\nC ~ A+B\nD =~ d1+d2\nD ~ A"),
 c("sem", "f =~ x1+x2+x3\nx1 ~ z\ny ~ x2"),
 c("cfa", "f =~ a*x1+x2+x3\ng =~ NA*y1+y2+y3\ng ~~ 1*g\nh =~ z1+z2+z3"),
 c("cfa", "f =~ x1+x2+a*x3\ng =~ y1+equal('f=~x2')*y2+y3\nb := a^2"),
 c("cfa-std.lv", "f =~ x1+x2+x3\ng =~ y1+y2+y3\ng ~ f\nh =~ f + g"),
 c("cfa-orthogonal", "f =~ x1+x2+x3\ng =~ y1+y2+y3\nk ~ f\nl ~ g"),
 c("sem", "x1 ~~ x2\nx1 ~~ x1"),
 c("cfa-std.lv", "f =~ x1\nf ~ z"),
 c("sem", "f =~ x1+x2+x3\nf ~ z\nz ~ 1"),
 c("sem", "f =~ x1+x2+x3\nf ~ z+w\nz ~~ z"),
 c("sem", "f =~ x1+x2+x3\nf ~ 1"),
 c("sem", "y ~ a + b + a:b"),
 c("sem", "g =~ x1+x2\nh =~ x3+x4\nk =~ g + h\ng ~ z\ny ~ z\nl =~ x5+x6\nl ~ k"),
 c("sem", "y ~ z\ng =~ x1+x2\ng ~ z\nw ~ z"),
 c("sem", "g =~ x1+x2+x3\nh =~ x4+x5+x6\ng ~~ h\nq ~~ q\nr ~ 1"),
 c("sem-random", "g =~ x1+x2+x3\nh =~ x4+x5+x6\nh ~ g + z"),
 c("sem", "y ~ a + b + c\na ~~ a"),
 c("lavaan", "f =~ 1*x1 + x2 + x3\nf ~~ f\nx1 ~~ x1\nx2 ~~ x2\nx3 ~~ x3"),
 c("sem", "f =~ x1 + 0.7*x2 + start(0.4)*x3\nx1 ~~ -0.1*x2")
)
base <- list(int.ov.free=TRUE, int.lv.free=FALSE, auto.fix.first=TRUE, auto.fix.single=TRUE, auto.var=TRUE, auto.cov.lv.x=TRUE, auto.cov.y=TRUE, auto.th=TRUE, auto.delta=TRUE, auto.efa=TRUE, fixed.x=TRUE)
esc <- function(s) gsub("\n","\\\\n",gsub("\"","'",s))
out <- c()
for (t in texts) { o <- base; f <- strsplit(t[1],"-")[[1]]
 if (f[1]=="growth") { o$int.ov.free <- FALSE; o$int.lv.free <- TRUE; o$meanstructure <- TRUE }
 if (f[1]=="lavaan") o <- list(fixed.x=TRUE)
 if (length(f)>1 && f[2]=="std.lv") { o$std.lv <- TRUE; o$auto.fix.first <- FALSE }
 if (length(f)>1 && f[2]=="orthogonal") o$orthogonal <- TRUE
 if (length(f)>1 && f[2]=="random") o$fixed.x <- FALSE
 pt <- suppressWarnings(do.call(lavaanify, c(list(model=t[2], as.data.frame.=TRUE), o)))
 pt <- pt[pt$op %in% c("=~","~","~~","~1"),]
 rows <- sprintf('["%s", "%s", "%s", "%s", %s, "%s"]', pt$lhs, pt$op, pt$rhs, ifelse(pt$exo==1,"exogenous",ifelse(pt$free>0,"free","fixed")), ifelse(pt$free==0 & pt$exo==0, format(pt$ustart), "null"), pt$label)
 out <- c(out, sprintf('  {"preset": "%s", "model": "%s", "rows": [\n    %s]}', t[1], esc(t[2]), paste(rows, collapse=",\n    ")))
}
cat('{"_meta": {"kind": "oracle", "tool": "lavaan", "version": "', as.character(packageVersion("lavaan")), '", "script": "make_rules.R"},\n"cases": [\n', paste(out, collapse=",\n"), '\n]}\n', sep="")
