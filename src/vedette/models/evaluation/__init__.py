"""What generative models are evaluated with: datasets of inputs and expectations, and scorers."""
