"""Random programs whose peers are different implementations of one document.

Data flows one way: profiles -> a program for each seed -> casts -> the engine -> the judge -> findings. A program is a
case without expected values (`expect.agree`), so all that works on a vector works on it.
"""
